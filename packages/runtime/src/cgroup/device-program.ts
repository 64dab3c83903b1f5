import type { SpecDeviceRule } from '../spec-types';

/** Operations of eBPF (linux/bpf.h, linux/bpf_common.h) that the program needs. */
const LOAD_WORD = 0x61;
const MOVE = 0xb7;
const MOVE_32_REGISTER = 0xbc;
const AND_32 = 0x54;
const SHIFT_RIGHT_32 = 0x74;
const JUMP_IF_EQUAL = 0x15;
const JUMP_IF_NOT_EQUAL = 0x55;
const EXIT = 0x95;

/** struct bpf_cgroup_dev_ctx: access in the upper, type in the lower half of the first word; major; minor. */
const CONTEXT = { accessAndType: 0, major: 4, minor: 8 };
const TYPE = { b: 1, c: 2 } as const;
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const EVERY_ACCESS = 7;

/** r0 result, r1 context; the rest is the program's own. */
const REGISTER = { result: 0, context: 1, type: 2, access: 3, major: 4, minor: 5, wanted: 6 };

type Instruction = readonly [code: number, target: number, source: number, offset: number, immediate: number];

/**
 * Builds the eBPF program (BPF_PROG_TYPE_CGROUP_DEVICE) that decides over devices as the v1 controller would by the
 * same list: the last rule that matches decides, and nothing matches without one. An allowing rule matches when it
 * grants all that is wanted, a denying one when it takes any of it.
 *
 * @returns struct bpf_insn[], little-endian.
 */
export function deviceProgram(rules: readonly SpecDeviceRule[]): Uint8Array {
  const program: Instruction[] = [
    [LOAD_WORD, REGISTER.type, REGISTER.context, CONTEXT.accessAndType, 0],
    [MOVE_32_REGISTER, REGISTER.access, REGISTER.type, 0, 0],
    [SHIFT_RIGHT_32, REGISTER.access, 0, 0, 16],
    [AND_32, REGISTER.type, 0, 0, 0xffff],
    [LOAD_WORD, REGISTER.major, REGISTER.context, CONTEXT.major, 0],
    [LOAD_WORD, REGISTER.minor, REGISTER.context, CONTEXT.minor, 0],
  ];
  let open = true;
  for (const rule of rules.toReversed()) {
    program.push(...ruleBlock(rule));
    // What came before a rule for everything has no say, and the kernel refuses code that nothing reaches.
    open = tests(rule).length > 0;
    if (!open) break;
  }
  if (open) program.push(...verdict(false));
  return encode(program);
}

function ruleBlock(rule: SpecDeviceRule): Instruction[] {
  const checks = tests(rule);
  const end = verdict(rule.allow);
  // A check that fails leaves the block: over the checks that follow and the verdict.
  const block = [...checks, ...end];
  return block.map((instruction, index) => {
    const [code, target, source, , immediate] = instruction;
    const isCheck = code === JUMP_IF_EQUAL || code === JUMP_IF_NOT_EQUAL;
    return isCheck ? [code, target, source, block.length - index - 1, immediate] : instruction;
  });
}

/** Jumps out of the block when the rule does not match; their offsets are filled in by the block. */
function tests(rule: SpecDeviceRule): Instruction[] {
  const differs = (register: number, value: number): Instruction => [
    JUMP_IF_NOT_EQUAL,
    register,
    0,
    0,
    value,
  ];
  const access = [...(rule.access ?? 'rwm')].reduce((bits, letter) => bits | (ACCESS[letter] ?? 0), 0);
  return [
    ...(rule.type === 'b' || rule.type === 'c' ? [differs(REGISTER.type, TYPE[rule.type])] : []),
    ...accessTest(rule.allow, access),
    ...(rule.major === undefined || rule.major < 0 ? [] : [differs(REGISTER.major, rule.major)]),
    ...(rule.minor === undefined || rule.minor < 0 ? [] : [differs(REGISTER.minor, rule.minor)]),
  ];
}

function accessTest(allow: boolean, access: number): Instruction[] {
  if (access === EVERY_ACCESS) return [];
  const copy: Instruction = [MOVE_32_REGISTER, REGISTER.wanted, REGISTER.access, 0, 0];
  const keep = allow ? EVERY_ACCESS & ~access : access;
  return [
    copy,
    [AND_32, REGISTER.wanted, 0, 0, keep],
    [allow ? JUMP_IF_NOT_EQUAL : JUMP_IF_EQUAL, REGISTER.wanted, 0, 0, 0],
  ];
}

function verdict(allow: boolean): Instruction[] {
  return [
    [MOVE, REGISTER.result, 0, 0, allow ? 1 : 0],
    [EXIT, 0, 0, 0, 0],
  ];
}

function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [index, [code, target, source, offset, immediate]] of program.entries()) {
    view.setUint8(index * 8, code);
    view.setUint8(index * 8 + 1, target | (source << 4));
    view.setInt16(index * 8 + 2, offset, true);
    view.setInt32(index * 8 + 4, immediate, true);
  }
  return bytes;
}
