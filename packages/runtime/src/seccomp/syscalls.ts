import { AARCH64 } from './tables/aarch64';
import { ARM } from './tables/arm';
import { I386 } from './tables/i386';
import { X32_ABSENT, X32_OWN } from './tables/x32';
import { X86_64 } from './tables/x86-64';

/** Names to numbers of one system call interface. */
export type SyscallTable = ReadonlyMap<string, number>;

/** A system call interface as a filter sees it. */
export interface Interface {
  /** AUDIT_ARCH_* (linux/audit.h), what seccomp_data.arch holds. */
  readonly audit: number;
  readonly table: () => SyscallTable;
  /** False where registers are 32 bits wide: then only the lower half of an argument means something. */
  readonly wide: boolean;
  /** Set in every number of this interface, which shares its audit value with another: __X32_SYSCALL_BIT. */
  readonly bit?: number;
  /** Calls that also go through one old call: name, then its code in argument 0 (linux/net.h, linux/ipc.h). */
  readonly multiplexed?: Readonly<Record<string, readonly [through: string, code: number]>>;
}

export const X32_BIT = 0x40000000;

/** From here on: the private calls of 32-bit ARM, no part of the common numbering (asm/unistd.h). */
export const ARM_PRIVATE = 0x0f0000;
const ARM_PRIVATE_END = 0x100000;

/** True for a private call of 32-bit ARM. */
export function isArmPrivate(number: number): boolean {
  return number >= ARM_PRIVATE && number < ARM_PRIVATE_END;
}

/** OCI's names of the interfaces that tinyd knows. */
export type InterfaceName =
  | 'SCMP_ARCH_X86_64'
  | 'SCMP_ARCH_X32'
  | 'SCMP_ARCH_X86'
  | 'SCMP_ARCH_AARCH64'
  | 'SCMP_ARCH_ARM';

/** By OCI name, the interfaces that tinyd can filter. */
export const INTERFACES: Readonly<Record<InterfaceName, Interface>> = {
  SCMP_ARCH_X86_64: { audit: 0xc000003e, table: lazily(() => parseTable(X86_64)), wide: true },
  SCMP_ARCH_X32: { audit: 0xc000003e, table: lazily(x32Table), wide: true, bit: X32_BIT },
  SCMP_ARCH_X86: {
    audit: 0x40000003,
    table: lazily(() => parseTable(I386)),
    wide: false,
    multiplexed: {
      ...codes('socketcall', 1, [
        ...[
          'socket',
          'bind',
          'connect',
          'listen',
          'accept',
          'getsockname',
          'getpeername',
          'socketpair',
          'send',
        ],
        ...['recv', 'sendto', 'recvfrom', 'shutdown', 'setsockopt', 'getsockopt', 'sendmsg', 'recvmsg'],
        ...['accept4', 'recvmmsg', 'sendmmsg'],
      ]),
      ...codes('ipc', 1, ['semop', 'semget', 'semctl', 'semtimedop']),
      ...codes('ipc', 11, ['msgsnd', 'msgrcv', 'msgget', 'msgctl']),
      ...codes('ipc', 21, ['shmat', 'shmdt', 'shmget', 'shmctl']),
    },
  },
  SCMP_ARCH_AARCH64: { audit: 0xc00000b7, table: lazily(() => parseTable(AARCH64)), wide: true },
  SCMP_ARCH_ARM: { audit: 0x40000028, table: lazily(() => parseTable(ARM)), wide: false },
};

/** Reads a table: a number, then the names of the calls from there on. */
function parseTable(text: string): Map<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const word of text.trim().split(/\s+/)) {
    if (/^\d+$/.test(word)) next = Number(word);
    else table.set(word, next++);
  }
  return table;
}

function x32Table(): SyscallTable {
  const table = parseTable(X86_64);
  for (const name of X32_ABSENT.trim().split(/\s+/)) table.delete(name);
  for (const [name, number] of parseTable(X32_OWN)) table.set(name, number);
  return new Map([...table].map(([name, number]) => [name, number + X32_BIT]));
}

function codes(through: string, first: number, names: readonly string[]): Record<string, [string, number]> {
  return Object.fromEntries(names.map((name, index) => [name, [through, first + index]]));
}

function lazily<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
