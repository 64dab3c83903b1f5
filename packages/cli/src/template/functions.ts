import { templateError } from './lexer';
import { sprintf } from './printf';
import { isRecord, isTrue, printValue, toJson } from './value';

/** A function that templates can call. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** The functions of Go's text/template that users write, and those that docker adds to them. */
export const FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  json: value => toJson(value),
  join: (list, separator) => asList('join', list).map(printValue).join(printValue(separator)),
  split: (text, separator) => printValue(text).split(printValue(separator)),
  lower: text => printValue(text).toLowerCase(),
  upper: text => printValue(text).toUpperCase(),
  title: text =>
    printValue(text).replace(
      /(^|\s)(\S)/gu,
      (_, blank: string, letter: string) => blank + letter.toUpperCase(),
    ),
  pad: (text, before, after) => {
    const string = printValue(text);
    const blanks = (count: unknown) => ' '.repeat(Math.max(0, asNumber('pad', count)));
    return string === '' ? '' : blanks(before) + string + blanks(after);
  },
  truncate: (text, length) => printValue(text).slice(0, Math.max(0, asNumber('truncate', length))),
  len: value => lengthOf(value),
  index: (value, ...keys) => keys.reduce(indexOne, value),
  slice: (value, from = 0, to = lengthOf(value)) => {
    if (typeof value !== 'string' && !Array.isArray(value))
      throw templateError('slice of what is neither list nor string');
    return value.slice(asNumber('slice', from), asNumber('slice', to));
  },
  print: (...values) => printSpaced(values),
  println: (...values) => `${values.map(printValue).join(' ')}\n`,
  printf: (format, ...values) => sprintf(printValue(format), values),
  not: value => !isTrue(value),
  eq: (first, ...others) => {
    if (others.length === 0) throw templateError('eq needs two values');
    return others.some(other => isEqual(first, other));
  },
  ne: (first, second) => !isEqual(first, second),
  lt: (first, second) => compare(first, second) < 0,
  le: (first, second) => compare(first, second) <= 0,
  gt: (first, second) => compare(first, second) > 0,
  ge: (first, second) => compare(first, second) >= 0,
};

/** For a table's heading row: what shapes a value leaves a heading as it is (docker's HeaderFunctions). */
export const HEADING_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  ...FUNCTIONS,
  ...Object.fromEntries(
    ['json', 'join', 'split', 'lower', 'upper', 'title', 'truncate', 'index', 'slice'].map(name => [
      name,
      (value: unknown) => value,
    ]),
  ),
};

function asList(name: string, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  throw templateError(`${name} of what is no list`);
}

function asNumber(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 1_000_000) return value;
  throw templateError(`${name} wants a whole number, not ${printValue(value)}`);
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  throw templateError(`len of ${printValue(value)}`);
}

function indexOne(value: unknown, key: unknown): unknown {
  if (Array.isArray(value)) {
    const index = asNumber('index', key);
    if (index < 0 || index >= value.length) throw templateError(`index out of range: ${index}`);
    return value[index] as unknown;
  }
  if (isRecord(value)) {
    if (Object.hasOwn(value, printValue(key))) return value[printValue(key)];
    // Of a map of strings, such as labels, Go gives the empty one.
    return Object.values(value).every(each => typeof each === 'string') ? '' : undefined;
  }
  if (typeof value === 'string') return Buffer.from(value)[asNumber('index', key)];
  // A map without entries is null in docker's documents.
  if ((value === undefined || value === null) && typeof key === 'string') return '';
  throw templateError(`index of ${value === undefined || value === null ? 'nothing' : printValue(value)}`);
}

/** Go's Sprint: a space between two operands when neither is a string. */
function printSpaced(values: readonly unknown[]): string {
  return values.reduce<string>((text, value, index) => {
    const isSpaced = index > 0 && typeof value !== 'string' && typeof values[index - 1] !== 'string';
    return text + (isSpaced ? ' ' : '') + printValue(value);
  }, '');
}

function isEqual(first: unknown, second: unknown): boolean {
  const [a, b] = [first ?? null, second ?? null];
  if (a !== null && b !== null && typeof a !== typeof b)
    throw templateError('incompatible types for comparison');
  return a === b;
}

function compare(first: unknown, second: unknown): number {
  if (typeof first === 'number' && typeof second === 'number') return first - second;
  if (typeof first === 'string' && typeof second === 'string')
    return Buffer.compare(Buffer.from(first), Buffer.from(second));
  throw templateError('incompatible types for comparison');
}
