import { loadAddon } from './load';

/**
 * Kernel calls that Node lacks. Every failure is an Error shaped like Node's own:
 * `code` ('EEXIST'), negative `errno`, `syscall`, and `path` where there is one.
 */
interface SysAddon {
  digest(algorithm: 'sha256' | 'sha512', bytes: Uint8Array): string;
  randomBytes(count: number): Buffer;
  flock(fd: number, mode: 'shared' | 'exclusive' | 'unlock', wait: boolean): boolean;
  flockAsync(fd: number, mode: 'shared' | 'exclusive'): Promise<void>;
  syncfs(fd: number): Promise<void>;
  removeTree(path: string): Promise<void>;
  listXattrs(path: string): { name: string; value: Buffer }[];
  memfd(name: string, content: Uint8Array): number;
  socketpair(): [number, number];
  connectUnix(path: string): number;
  spawnDetached(executable: string, argv: string[], env: string[], fds: number[], sealed: boolean): void;
  replaceProcess(executable: string, argv: string[], env: string[], fds: number[]): never;
  signalProcess(pid: number, startTicks: bigint, signal: number): boolean;
  startTicksOfEach(pids: number[]): (string | undefined)[];
  readEach(folder: string, names: string[], file: string): (string | undefined)[];
  identifyEach(folder: string, names: string[], file: string): (string | undefined)[];
  openInRoot(root: string, path: string): number;
  openBelow(root: number, path: Uint8Array, flags: number, mode: number): number;
  readLinkOf(link: number): Buffer;
  makeNode(folder: number, name: Uint8Array, mode: number, major: number, minor: number): void;
  listXattrsOf(file: number): { name: string; value: Buffer }[];
  setXattrOf(file: number, name: string, value: Uint8Array): void;
  receiveDescriptor(socket: number): { fd: number; message: Buffer };
  projectQuotaState(file: number): { counts: boolean; limits: boolean };
  projectQuota(file: number, project: number): { limitBytes: number; usedBytes: number };
  setProjectQuota(file: number, project: number, bytes: bigint): void;
  setProject(folder: number, project: number): void;
  netlinkRequest(protocol: number, messages: Uint8Array): Buffer[];
  rulesGeneration(): number;
  lookAtBridge(name: string): { index: number; isUp: boolean; ports: number[] } | undefined;
  lookAtPlugs(
    folder: string,
    names: string[],
    file: string,
    known: Uint8Array,
  ): { known: number; hold: boolean; unknown: { name: string; identity: string }[] };
  readReport(fd: number): Buffer;
}

let addon: SysAddon | undefined;

/** The loaded addon; loaded on first use, since many commands need none of it. */
export function sys(): SysAddon {
  addon ??= loadAddon<SysAddon>('tinyd_sys');
  return addon;
}
