import type { Place, ProgramWriter } from './bpf';
import type { Condition } from './profile';

/** Offset of args[0] in struct seccomp_data; each is 8 bytes, lower half first. */
const ARGUMENTS = 16;
const LOW_HALF = 0xffffffffn;

/**
 * Arguments that the kernel takes as an int: the upper half of the register is not looked at, and a filter that does
 * look at it can be passed by setting it (`socket(1 << 32 | AF_ALG, …)`; the same as CVE-2019-7303 for ioctl).
 */
const INT_ARGUMENTS: Readonly<Record<string, readonly number[]>> = {
  bpf: [0],
  fcntl: [0, 1],
  fcntl64: [0, 1],
  futex: [1],
  getsockopt: [0, 1, 2],
  ioctl: [0, 1],
  keyctl: [0],
  kill: [0, 1],
  madvise: [2],
  open: [1],
  openat: [0, 2],
  personality: [0],
  prctl: [0],
  quotactl: [0],
  seccomp: [0, 1],
  setns: [0, 1],
  setsockopt: [0, 1, 2],
  socket: [0, 1, 2],
  socketpair: [0, 1, 2],
};

/** True when only the lower half of that argument means something to the kernel. */
export function isIntArgument(name: string, index: number): boolean {
  return INT_ARGUMENTS[name]?.includes(index) ?? false;
}

/** A condition, and whether the argument is 64 bits wide. */
export interface SizedCondition extends Condition {
  readonly wide: boolean;
}

/** Writes one comparison that goes on at `yes` or at `no`. Reads the argument anew: the accumulator is lost. */
export function writeCondition(
  writer: ProgramWriter,
  condition: SizedCondition,
  yes: Place,
  no: Place,
): Place {
  switch (condition.op) {
    case 'SCMP_CMP_EQ':
      return writeMaskedEqual(writer, { ...condition, mask: ~0n, value: condition.value }, yes, no);
    case 'SCMP_CMP_NE':
      return writeMaskedEqual(writer, { ...condition, mask: ~0n, value: condition.value }, no, yes);
    case 'SCMP_CMP_MASKED_EQ':
      return writeMaskedEqual(
        writer,
        { ...condition, mask: condition.value, value: condition.valueTwo },
        yes,
        no,
      );
    case 'SCMP_CMP_GT':
      return writeOrder(writer, condition, 'greater', yes, no);
    case 'SCMP_CMP_GE':
      return writeOrder(writer, condition, 'greaterOrEqual', yes, no);
    case 'SCMP_CMP_LT':
      return writeOrder(writer, condition, 'greaterOrEqual', no, yes);
    case 'SCMP_CMP_LE':
      return writeOrder(writer, condition, 'greater', no, yes);
  }
}

function writeMaskedEqual(
  writer: ProgramWriter,
  { index, wide, mask, value }: SizedCondition & { readonly mask: bigint },
  yes: Place,
  no: Place,
): Place {
  const bits = wide ? 64 : 32;
  const wantedMask = BigInt.asUintN(bits, mask);
  const wanted = BigInt.asUintN(bits, value);
  // Bits outside the mask are 0 on the left side: such a value can never be reached.
  if ((wanted & ~wantedMask) !== 0n) return no;
  let place = yes;
  for (const half of [0, 1]) {
    const halfMask = Number((wantedMask >> BigInt(32 * half)) & LOW_HALF);
    if (halfMask === 0) continue;
    place = writer.branch('equal', Number((wanted >> BigInt(32 * half)) & LOW_HALF), place, no);
    if (halfMask !== 0xffffffff) place = writer.and(halfMask);
    place = writer.load(ARGUMENTS + 8 * index + 4 * half);
  }
  return place;
}

function writeOrder(
  writer: ProgramWriter,
  { index, wide, value }: SizedCondition,
  comparison: 'greater' | 'greaterOrEqual',
  yes: Place,
  no: Place,
): Place {
  const high = Number(value >> 32n);
  if (!wide && high !== 0) return no;
  writer.branch(comparison, Number(value & LOW_HALF), yes, no);
  const low = writer.load(ARGUMENTS + 8 * index);
  if (!wide) return low;
  const equalHigh = writer.branch('equal', high, low, no);
  writer.branch('greater', high, yes, equalHigh);
  return writer.load(ARGUMENTS + 8 * index + 4);
}
