import { isDiskFull, isTinydError, TinydError, unnamedErrno } from '@tinyd/core';
import { oneLine, stripControls } from './strip-controls';

const DISK_FULL =
  'the disk is full: tinyd system df shows what takes the room, tinyd rm and tinyd system prune give some back';

/** Turns whatever was thrown into a TinydError, so that every failure has a code and one line of text. */
export function asTinydError(error: unknown): TinydError {
  if (isTinydError(error)) return error;
  if (isSystemError(error)) {
    const where = error.path === undefined ? '' : ` ${error.path}`;
    return new TinydError(
      'ERR_TINYD_SYSTEM',
      `cannot ${error.syscall}${where}: ${unnamedErrno(-(error.errno ?? 0)) ?? error.code}`,
      { cause: error, ...(isDiskFull(error) ? { hint: DISK_FULL } : {}) },
    );
  }
  const text = error instanceof Error ? error.message : String(error);
  return new TinydError('ERR_TINYD_INTERNAL', `unexpected failure: ${text}`, {
    cause: error,
    hint: 'this is a defect of tinyd: TINYD_DEBUG=1 shows where it happened',
  });
}

/**
 * The line a user sees: `tinyd pull: cannot …: why (ERR_TINYD_…). what to do`.
 *
 * @param command the command's name, empty before one is known.
 * @param debug adds the stack and the causes, which are never shown otherwise.
 */
export function formatError(error: unknown, command: string, debug = false): string {
  const failure = asTinydError(error);
  const prefix = command === '' ? 'tinyd' : `tinyd ${command}`;
  const hint = failure.hint === undefined ? '' : `. ${failure.hint}`;
  const lines = [`${prefix}: ${oneLine(failure.message)} (${failure.code})${oneLine(hint)}`];
  for (const left of failure.cleanupErrors) lines.push(`${prefix}: clean-up: ${oneLine(left.message)}`);
  if (debug) lines.push(...stacks(failure));
  return `${lines.join('\n')}\n`;
}

function stacks(error: unknown): string[] {
  const lines: string[] = [];
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    lines.push(stripControls(cause.stack ?? String(cause)));
  }
  return lines;
}

interface SystemError extends Error {
  readonly code: string;
  readonly syscall: string;
  readonly errno?: number;
  readonly path?: string;
}

function isSystemError(error: unknown): error is SystemError {
  return (
    error instanceof Error && typeof (error as Partial<SystemError>).syscall === 'string' && 'code' in error
  );
}
