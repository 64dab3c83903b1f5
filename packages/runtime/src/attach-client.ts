import { TinydError } from '@tinyd/core';
import { becomeHelper, connectUnix } from '@tinyd/native';
import { systemCode } from './atomic-file';

/** What a user's terminal or pipes are to share with a container. */
export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** The container has a terminal: ours becomes raw, and its size is followed. */
  readonly tty: boolean;
  /** Bytes that, typed in a row, leave the container running; empty: nothing does. At most 32. */
  readonly detachKeys: readonly number[];
  /** Without `tty`: standard input is a terminal all the same, and is to bring the detach keys, also where `stdin` is false. */
  readonly watchKeys?: boolean;
  /** Pass signals on to the container instead of dying of them. */
  readonly signalProxy: boolean;
}

/** A connection to a monitor that waits for this process to become its client. */
export interface AttachClient {
  readonly fd: number;
  readonly options: AttachOptions;
  /** The program runs already: its terminal is made to draw itself anew. */
  readonly redraw: boolean;
}

/** Connects to the monitor that serves `socket`. Fails with ERR_TINYD_ATTACH_FAILED. */
export function connectClient(socket: string, options: AttachOptions, name: string): AttachClient {
  try {
    return { fd: connectUnix(socket), options, redraw: options.tty };
  } catch (error) {
    throw new TinydError(
      'ERR_TINYD_ATTACH_FAILED',
      `cannot attach to container ${name}: ${systemCode(error) ?? error}`,
      {
        hint: 'it may have ended just now: tinyd ps -a',
        details: { container: name, socket },
        cause: error,
      },
    );
  }
}

/**
 * Replaces this process by the native attach client: same PID, terminal and parent, and node's memory is gone. It
 * exits with the container's exit status, or 0 when the user detaches.
 */
export function becomeAttachClient(client: AttachClient): never {
  return becomeHelper({
    argv: ['tinyd-init', 'attach', ...attachArguments(client)],
    env: [],
    fds: [0, 1, 2, -1, -1, client.fd],
  });
}

/** The options of `tinyd-init attach` (native/helper/attach.c). */
export function attachArguments({ options, redraw }: Pick<AttachClient, 'options' | 'redraw'>): string[] {
  const { detachKeys } = options;
  return [
    ...(options.stdin ? ['--stdin'] : []),
    ...(options.stdout ? ['--stdout'] : []),
    ...(options.stderr ? ['--stderr'] : []),
    ...(options.tty ? ['--tty'] : []),
    ...(options.watchKeys === true ? ['--watch-keys'] : []),
    ...(redraw ? ['--redraw'] : []),
    ...(options.signalProxy ? ['--sig-proxy'] : []),
    ...(detachKeys.length === 0 ? [] : ['--detach-keys', Buffer.from(detachKeys).toString('hex')]),
  ];
}
