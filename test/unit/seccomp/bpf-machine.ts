/** What the kernel hands to a filter (struct seccomp_data). */
export interface SyscallData {
  readonly arch: number;
  readonly nr: number;
  readonly args?: readonly bigint[];
}

export const AUDIT = { x86_64: 0xc000003e, i386: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 } as const;
export const X32_BIT = 0x40000000;

export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;
export const errno = (number: number): number => (0x00050000 | number) >>> 0;

/**
 * Runs a classic BPF program as the kernel does for seccomp, after checking what seccomp_check_filter and
 * bpf_check_classic check: known operations, jumps inside the program, a return at its end.
 *
 * @returns the action that the program returns, and how many instructions that took
 */
export function runFilter(program: Uint8Array, data: SyscallData): { value: number; steps: number } {
  const memory = new DataView(new ArrayBuffer(64));
  memory.setUint32(0, data.nr, true);
  memory.setUint32(4, data.arch, true);
  for (const [index, value] of (data.args ?? []).entries()) memory.setBigUint64(16 + 8 * index, value, true);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; ; at++) {
    const { code, yes, no, k } = instruction(program, at);
    steps++;
    const jump = (holds: boolean) => {
      at += holds ? yes : no;
    };
    if (code === 0x20) accumulator = memory.getUint32(k, true);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x15) jump(accumulator === k);
    else if (code === 0x25) jump(accumulator > k);
    else if (code === 0x35) jump(accumulator >= k);
    else if (code === 0x05) at += k;
    else if (code === 0x06) return { value: k, steps };
    else throw new Error(`instruction ${at}: unknown operation ${code.toString(16)}`);
  }
}

/** Throws where the kernel would refuse the program. */
export function checkFilter(program: Uint8Array): void {
  const length = program.length / 8;
  if (!Number.isInteger(length) || length === 0 || length > 4096) throw new Error(`${length} instructions`);
  for (let at = 0; at < length; at++) {
    const { code, yes, no, k } = instruction(program, at);
    if (code === 0x20 && (k % 4 !== 0 || k >= 64)) throw new Error(`instruction ${at}: load of ${k}`);
    if (code === 0x05 && at + 1 + k >= length) throw new Error(`instruction ${at}: jump out`);
    if ([0x15, 0x25, 0x35].includes(code) && at + 1 + Math.max(yes, no) >= length)
      throw new Error(`instruction ${at}: branch out`);
  }
  if (instruction(program, length - 1).code !== 0x06) throw new Error('no return at the end');
}

function instruction(program: Uint8Array, at: number): { code: number; yes: number; no: number; k: number } {
  const view = new DataView(program.buffer, program.byteOffset + at * 8, 8);
  return {
    code: view.getUint16(0, true),
    yes: view.getUint8(2),
    no: view.getUint8(3),
    k: view.getUint32(4, true),
  };
}
