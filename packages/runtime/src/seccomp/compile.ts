import { TinydError } from '@tinyd/core';
import { KILL_PROCESS } from './actions';
import { type Place, ProgramWriter } from './bpf';
import { writeCondition } from './conditions';
import type { HostArchitecture, Rules } from './profile';
import { INTERFACES, type InterfaceName, X32_BIT } from './syscalls';
import { mergeRanges, newerVerdict, type Range, rangesOf, type Verdict } from './verdicts';

/** Offsets in struct seccomp_data. */
const NUMBER = 0;
const ARCHITECTURE = 4;

/** Numbers with bit 31 belong to no interface; -1 is what a tracer leaves of a call that it took over. */
const NO_INTERFACE = 0x80000000;

/**
 * Compiles rules to classic BPF, as bytes of struct sock_filter[].
 *
 * The program looks at the architecture first: one that the rules do not name kills the process. Then a binary
 * search finds the range of numbers that the call lies in. Calls above the highest that the rules name are ENOSYS, so
 * that programs fall back from what is newer than the profile (unless the default action lets them through).
 * Names without a number on an interface are skipped, as libseccomp does.
 *
 * @throws ERR_TINYD_SECCOMP_INVALID for what cannot be compiled: unsupported actions, more than 4096 instructions.
 */
export function compileFilter(rules: Rules, host: HostArchitecture): Uint8Array {
  const writer = new ProgramWriter();
  const sections = sectionsOf(rules, host).map(({ audit, ranges }) => {
    const root = writeSearch(writer, ranges, 0, ranges.length);
    writer.jump(root);
    return { audit, place: writer.load(NUMBER) };
  });
  let next = writer.return(KILL_PROCESS);
  for (const { audit, place } of sections) next = writer.branch('equal', audit, place, next);
  writer.load(ARCHITECTURE);
  const bytes = writer.bytes();
  if (bytes === undefined) {
    throw new TinydError(
      'ERR_TINYD_SECCOMP_INVALID',
      `cannot compile seccomp profile: it takes ${writer.length} instructions, the kernel's limit is 4096`,
      { hint: 'use fewer rules with args' },
    );
  }
  return bytes;
}

interface Section {
  readonly audit: number;
  readonly ranges: readonly Range[];
}

/** One section per AUDIT_ARCH value, the host's own last: what is written last is reached soonest. */
function sectionsOf(rules: Rules, host: HostArchitecture): Section[] {
  const named = (name: InterfaceName) => rules.architectures.includes(name);
  const ranges = (name: InterfaceName): Range[] => rangesOf(rules, INTERFACES[name]);
  const section = (name: InterfaceName, list: readonly Range[]): Section => ({
    audit: INTERFACES[name].audit,
    ranges: mergeRanges(list),
  });
  const compatible = host === 'x64' ? 'SCMP_ARCH_X86' : 'SCMP_ARCH_ARM';
  const sections = named(compatible) ? [section(compatible, ranges(compatible))] : [];
  if (host === 'arm64') return [...sections, section('SCMP_ARCH_AARCH64', ranges('SCMP_ARCH_AARCH64'))];
  const kill: Verdict = { clauses: [], otherwise: KILL_PROCESS };
  const own = [
    ...ranges('SCMP_ARCH_X86_64'),
    ...(named('SCMP_ARCH_X32') ? ranges('SCMP_ARCH_X32') : [{ start: X32_BIT, verdict: kill }]),
    { start: NO_INTERFACE, verdict: newerVerdict(rules) },
  ];
  return [...sections, section('SCMP_ARCH_X86_64', own)];
}

/** Writes a balanced search over ranges[from..to) for the number in the accumulator. */
function writeSearch(writer: ProgramWriter, ranges: readonly Range[], from: number, to: number): Place {
  const middle = (from + to) >>> 1;
  const range = ranges[middle];
  if (range === undefined) throw new RangeError('search over no ranges');
  if (to - from === 1) return writeVerdict(writer, range.verdict);
  const upper = writeSearch(writer, ranges, middle, to);
  const lower = writeSearch(writer, ranges, from, middle);
  return writer.branch('greaterOrEqual', range.start, upper, lower);
}

function writeVerdict(writer: ProgramWriter, verdict: Verdict): Place {
  let place = writer.return(verdict.otherwise);
  for (const clause of verdict.clauses.toReversed()) {
    const otherwise = place;
    place = writer.return(clause.value);
    for (const condition of clause.conditions.toReversed())
      place = writeCondition(writer, condition, place, otherwise);
  }
  return place;
}
