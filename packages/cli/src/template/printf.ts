import { templateError } from './lexer';
import { printValue } from './value';

const VERB = /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g;

/** No output needs more, and a typing mistake must not fill the memory. */
const WIDEST = 10_000;
const FINEST = 100;

/** Go's Sprintf for the verbs that formats use: v s q d x X o b c f e g t, with flags, width and precision. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let used = 0;
  const text = format.replace(
    VERB,
    (directive, flags: string, width?: string, precision?: string, verb = '') => {
      if (verb === '%') return '%';
      if (Number(width ?? 0) > WIDEST || Number(precision ?? 0) > FINEST)
        throw templateError(`printf cannot be that wide: ${directive}`);
      if (used >= values.length) return `%!${verb}(MISSING)`;
      const shown = formatVerb(
        verb,
        values[used++],
        flags,
        precision === undefined ? undefined : Number(precision),
      );
      return padTo(shown, flags, Number(width ?? 0), typeof values[used - 1] === 'number');
    },
  );
  return used < values.length ? `${text}%!(EXTRA ${values.slice(used).map(printValue).join(', ')})` : text;
}

function formatVerb(verb: string, value: unknown, flags: string, precision: number | undefined): string {
  if (verb === 'v' || verb === 's' || verb === 't') {
    const text = printValue(value);
    return precision === undefined ? text : [...text].slice(0, precision).join('');
  }
  if (verb === 'q') return JSON.stringify(printValue(value));
  if (typeof value === 'string' && (verb === 'x' || verb === 'X'))
    return cased(verb, Buffer.from(value).toString('hex'));
  if (typeof value !== 'number') return `%!${verb}(${printValue(value)})`;
  const sign = flags.includes('+') && value >= 0 ? '+' : '';
  return sign + formatNumber(verb, value, precision);
}

function formatNumber(verb: string, value: number, precision: number | undefined): string {
  switch (verb) {
    case 'd':
      return String(Math.trunc(value));
    case 'x':
    case 'X':
      return cased(verb, Math.trunc(value).toString(16));
    case 'o':
      return Math.trunc(value).toString(8);
    case 'b':
      return Math.trunc(value).toString(2);
    case 'c':
      return value >= 0 && value <= 0x10ffff ? String.fromCodePoint(Math.trunc(value)) : '\ufffd';
    case 'f':
      return value.toFixed(precision ?? 6);
    case 'e':
      return value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
    case 'g':
      return precision === undefined ? String(value) : String(Number(value.toPrecision(precision || 1)));
    default:
      throw templateError(`printf does not know %${verb}`);
  }
}

function cased(verb: string, hex: string): string {
  return verb === 'X' ? hex.toUpperCase() : hex;
}

function padTo(text: string, flags: string, width: number, isNumber: boolean): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-')) return text + ' '.repeat(missing);
  if (!flags.includes('0') || !isNumber) return ' '.repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(missing) + text.slice(sign.length);
}
