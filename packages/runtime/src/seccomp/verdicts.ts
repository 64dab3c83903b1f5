import { isPermissive, RETURN_ENOSYS, returnValue } from './actions';
import { isIntArgument, type SizedCondition } from './conditions';
import type { Condition, Rule, Rules } from './profile';
import { ARM_PRIVATE, type Interface, isArmPrivate, type SyscallTable } from './syscalls';

/** What happens to one call: the first clause that holds decides, else `otherwise`. */
export interface Verdict {
  readonly clauses: readonly Clause[];
  readonly otherwise: number;
}

/** Return `value` if all conditions hold. */
export interface Clause {
  readonly conditions: readonly SizedCondition[];
  readonly value: number;
}

/** Numbers from `start` up to the next range's start share a verdict. */
export interface Range {
  readonly start: number;
  readonly verdict: Verdict;
}

/** The verdict for numbers above all that the rules name. */
export function newerVerdict(rules: Rules): Verdict {
  const otherwise = isPermissive(rules.defaultAction) ? defaultReturn(rules) : RETURN_ENOSYS;
  return { clauses: [], otherwise };
}

/** The ranges of one interface, ascending, from its lowest number on. */
export function rangesOf(rules: Rules, face: Interface): Range[] {
  const table = face.table();
  const verdicts = collectVerdicts(rules, face);
  const unnamed: Verdict = { clauses: [], otherwise: defaultReturn(rules) };
  const newer = newerVerdict(rules);
  const base = face.bit ?? 0;
  const highest = highestNumber([...named(rules, table), ...verdicts.keys()]);
  const ranges: Range[] = [{ start: base, verdict: unnamed }];
  for (const [number, verdict] of verdicts) {
    ranges.push({ start: number, verdict });
    if (number !== highest && !verdicts.has(number + 1)) ranges.push({ start: number + 1, verdict: unnamed });
  }
  if (highest !== undefined) ranges.push({ start: highest + 1, verdict: newer });
  if ([...table.values()].some(isArmPrivate)) ranges.push({ start: ARM_PRIVATE, verdict: unnamed });
  // Stable: of two with one start the later decides, and mergeRanges keeps that one.
  return ranges.sort((a, b) => a.start - b.start);
}

/** Drops ranges of no length and joins neighbours with one verdict. */
export function mergeRanges(ranges: readonly Range[]): Range[] {
  const merged: Range[] = [];
  for (const [index, range] of ranges.entries()) {
    if (ranges[index + 1]?.start === range.start) continue;
    const last = merged.at(-1);
    if (last === undefined || !isSame(last.verdict, range.verdict)) merged.push(range);
  }
  return merged;
}

function isSame(a: Verdict, b: Verdict): boolean {
  return a === b || (a.clauses.length === 0 && b.clauses.length === 0 && a.otherwise === b.otherwise);
}

function defaultReturn(rules: Rules): number {
  return returnValue(rules.defaultAction, rules.defaultErrnoRet);
}

/** Numbers of all calls that the rules name, even where they say nothing new. */
function named(rules: Rules, table: SyscallTable): number[] {
  return rules.rules.flatMap(rule => rule.names.flatMap(name => table.get(name) ?? []));
}

function highestNumber(numbers: readonly number[]): number | undefined {
  const common = numbers.filter(number => !isArmPrivate(number));
  return common.length === 0 ? undefined : Math.max(...common);
}

/**
 * By number, what the rules say. As with libseccomp: a rule without conditions outweighs those with conditions, the
 * first such rule decides; a rule that repeats the default action says nothing.
 */
function collectVerdicts(rules: Rules, face: Interface): Map<number, Verdict> {
  const table = face.table();
  const byDefault = defaultReturn(rules);
  const settled = new Map<number, number>();
  const clauses = new Map<number, Clause[]>();
  const addClauses = (number: number, added: readonly Clause[]) =>
    clauses.set(number, [...(clauses.get(number) ?? []), ...added]);
  for (const rule of rules.rules) {
    const value = returnValue(rule.action, rule.errnoRet);
    if (value === byDefault) continue;
    for (const name of rule.names) {
      const number = table.get(name);
      const conditional = rule.args !== undefined && rule.args.length > 0;
      if (number !== undefined) {
        if (conditional) addClauses(number, clausesOf(rule, name, face, value));
        else if (!settled.has(number)) settled.set(number, value);
      }
      const detour = face.multiplexed?.[name];
      const through = detour === undefined ? undefined : table.get(detour[0]);
      if (detour !== undefined && through !== undefined && !conditional)
        addClauses(through, [codeClause(detour[1], value)]);
    }
  }
  const verdicts = new Map<number, Verdict>();
  for (const [number, list] of clauses) verdicts.set(number, { clauses: list, otherwise: byDefault });
  for (const [number, otherwise] of settled) verdicts.set(number, { clauses: [], otherwise });
  return verdicts;
}

/** All conditions of a rule at once; but each for itself if two are about one argument, as docker's runtime does. */
function clausesOf(rule: Rule, name: string, face: Interface, value: number): Clause[] {
  const conditions = (rule.args ?? []).map(condition => sized(condition, name, face));
  const repeats = new Set(conditions.map(condition => condition.index)).size < conditions.length;
  if (repeats) return conditions.map(condition => ({ conditions: [condition], value }));
  return [{ conditions, value }];
}

function codeClause(code: number, value: number): Clause {
  const condition = { index: 0, op: 'SCMP_CMP_EQ', value: BigInt(code), valueTwo: 0n, wide: false } as const;
  return { conditions: [condition], value };
}

function sized(condition: Condition, name: string, face: Interface): SizedCondition {
  return { ...condition, wide: face.wide && !isIntArgument(name, condition.index) };
}
