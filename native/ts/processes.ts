import { join } from 'node:path';
import { sys } from './sys';

/** Path of the static helper: executes plans, monitors containers, attaches terminals. */
export const HELPER_PATH = join(__dirname, '..', 'build', 'Release', 'tinyd-init');

/** A file that lives in memory only, holding `content`, to be handed to a helper. Close-on-exec is set. */
export function memoryFile(name: string, content: Uint8Array): number {
  return sys().memfd(name, content);
}

/** A connected pair of stream sockets, close-on-exec. */
export function socketPair(): [number, number] {
  return sys().socketpair();
}

/** Connects to a unix stream socket whatever the length of its path. */
export function connectUnix(path: string): number {
  return sys().connectUnix(path);
}

/** How a helper is started. `fds[i]` becomes descriptor i of the new process; -1 leaves that one closed. */
export interface HelperLaunch {
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly fds: readonly number[];
}

/**
 * Starts the helper in a session of its own, no child of this process (vfork + exec; it forks once more by itself).
 *
 * The executable is opened through a detached read-only mount, so that nothing in a container can reach the file
 * on disk through /proc/PID/exe (CVE-2019-5736).
 */
export function spawnHelper(launch: HelperLaunch): void {
  sys().spawnDetached(HELPER_PATH, [...launch.argv], [...launch.env], [...launch.fds], true);
}

/** Replaces this process by the helper (execve(2)): same PID, terminal and parent. Returns only by throwing. */
export function becomeHelper(launch: HelperLaunch): never {
  return sys().replaceProcess(HELPER_PATH, [...launch.argv], [...launch.env], [...launch.fds]);
}

/**
 * Signals a process if it is still the one that started at `startTicks` (field 22 of /proc/PID/stat), by pidfd.
 *
 * @returns false when that process is gone.
 */
export function signalProcess(pid: number, startTicks: bigint, signal: number): boolean {
  return sys().signalProcess(pid, startTicks, signal);
}

/**
 * When each of some processes started, in clock ticks since boot (field 22 of /proc/PID/stat), decimal; undefined for one that is gone
 * or a zombie. In one call: every command asks it of all containers that run.
 */
export function startTicksOfEach(pids: readonly number[]): (string | undefined)[] {
  return sys().startTicksOfEach([...pids]);
}

/** Reads one report of a helper from a pipe, blocking until the writer closes it. Empty when it closed silently. */
export function readReport(fd: number): Buffer {
  return sys().readReport(fd);
}
