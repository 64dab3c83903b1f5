import { existsSync } from 'node:fs';

/** e_machine (elf.h) in the words of image platforms, and the name of the emulator that qemu has for it. */
const MACHINES: Readonly<Record<number, { readonly name: string; readonly emulator: string }>> = {
  3: { name: '386', emulator: 'i386' },
  8: { name: 'mips', emulator: 'mips' },
  21: { name: 'ppc64le', emulator: 'ppc64le' },
  22: { name: 's390x', emulator: 's390x' },
  40: { name: 'arm', emulator: 'arm' },
  62: { name: 'amd64', emulator: 'x86_64' },
  183: { name: 'arm64', emulator: 'aarch64' },
  243: { name: 'riscv64', emulator: 'riscv64' },
  258: { name: 'loong64', emulator: 'loongarch64' },
};

/** What a host runs by itself: its own programs and those of its 32-bit forerunner. */
const NATIVE: Readonly<Partial<Record<NodeJS.Architecture, readonly number[]>>> = {
  x64: [62, 3],
  arm64: [183, 40],
};

/** A machine's name as in `--platform`. */
export function machineName(machine: number): string {
  return MACHINES[machine]?.name ?? `machine ${machine}`;
}

/** This host's name for itself. */
export function hostMachineName(): string {
  return machineName(NATIVE[process.arch]?.[0] ?? 0);
}

/** Whether this host runs programs for a machine, by itself or by an emulator that is registered (binfmt_misc). */
export function runsHere(machine: number): boolean {
  if (NATIVE[process.arch]?.includes(machine) === true) return true;
  const emulator = MACHINES[machine]?.emulator;
  return emulator !== undefined && existsSync(`/proc/sys/fs/binfmt_misc/qemu-${emulator}`);
}
