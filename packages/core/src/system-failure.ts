/** Errnos of Linux that node has no name for (asm-generic/errno.h). */
const UNNAMED: Readonly<Record<number, readonly [name: string, words: string]>> = {
  8: ['ENOEXEC', 'exec format error'],
  122: ['EDQUOT', 'disk quota exceeded'],
};

/** Why a system call failed, as node's messages begin: `ENOENT: no such file or directory`. */
export function systemFailureText(error: unknown): string {
  const { errno, message } = error as { readonly errno?: unknown; readonly message?: unknown };
  const unnamed = typeof errno === 'number' ? UNNAMED[-errno] : undefined;
  if (unnamed !== undefined) return unnamed.join(': ');
  return String(message ?? error).split(',', 1)[0] ?? '';
}

/** The name of an errno that node has none for; undefined for all others. */
export function unnamedErrno(errno: number): string | undefined {
  return UNNAMED[errno]?.[0];
}

/** Whether a system call failed because a disk, or a quota of it, is full. */
export function isDiskFull(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as { readonly code?: unknown; readonly errno?: unknown };
  return code === 'ENOSPC' || errno === -122;
}
