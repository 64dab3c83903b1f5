/** What the kernel hands to a device program (struct bpf_cgroup_dev_ctx), taken apart. */
export interface DeviceAccess {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  /** Of r, w, m. */
  readonly access: string;
}

/**
 * Runs an eBPF device program; only the operations that such programs need, and never backwards.
 *
 * @returns true when the access is allowed
 */
export function runDeviceProgram(program: Uint8Array, wanted: DeviceAccess): boolean {
  const bits = { m: 1, r: 2, w: 4 } as Record<string, number>;
  const access = [...wanted.access].reduce((sum, letter) => sum | (bits[letter] ?? 0), 0);
  const context = [(access << 16) | (wanted.type === 'b' ? 1 : 2), wanted.major, wanted.minor];
  const registers: number[] = Array.from({ length: 11 }, () => Number.NaN);
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  for (let at = 0; ; at++) {
    const code = view.getUint8(at * 8);
    const [target, source] = [view.getUint8(at * 8 + 1) & 15, view.getUint8(at * 8 + 1) >> 4];
    const [offset, immediate] = [view.getInt16(at * 8 + 2, true), view.getInt32(at * 8 + 4, true)];
    const value = registers[target] ?? Number.NaN;
    const jump = (holds: boolean) => {
      if (Number.isNaN(value) || offset < 0) throw new Error(`instruction ${at}: bad jump`);
      if (holds) at += offset;
    };
    if (code === 0x61 && source === 1) registers[target] = context[offset / 4] ?? Number.NaN;
    else if (code === 0xb7) registers[target] = immediate;
    else if (code === 0xbc) registers[target] = registers[source] ?? Number.NaN;
    else if (code === 0x54) registers[target] = (value & immediate) >>> 0;
    else if (code === 0x74) registers[target] = value >>> immediate;
    else if (code === 0x15) jump(value === immediate);
    else if (code === 0x55) jump(value !== immediate);
    else if (code === 0x95) return registers[0] === 1;
    else throw new Error(`instruction ${at}: unknown operation ${code.toString(16)}`);
  }
}
