import { isTinydError, TinydError } from '@tinyd/core';
import { type AttachClient, type AttachOptions, becomeAttachClient } from '@tinyd/runtime';
import type { Attachment } from '../flags/create-options';
import { chooseDetachKeys } from '../flags/detach-keys';
import { isTerminal } from '../output';

const STDIN = 0;

/** How the user's terminal is to be shared. */
export interface TerminalRequest {
  readonly streams: Attachment;
  readonly tty: boolean;
  readonly signalProxy: boolean;
  /** The text of `--detach-keys`. */
  readonly detachKeys: string | undefined;
  /** The terminal may be left by the keys also where no input is attached: nothing else ends that without ending the container. */
  readonly keysAlone?: boolean;
}

/**
 * The options of an attach client.
 *
 * Fails with ERR_TINYD_NOT_A_TERMINAL when input is attached to a container's terminal and is none itself.
 */
export function attachOptions(request: TerminalRequest): AttachOptions {
  const { streams, tty, signalProxy, detachKeys, keysAlone = false } = request;
  if (tty && streams.stdin && !isTerminal(STDIN)) {
    throw new TinydError('ERR_TINYD_NOT_A_TERMINAL', 'the input device is not a TTY', {
      hint: 'leave -t out where input comes from a pipe or file',
    });
  }
  const watchKeys = !tty && (streams.stdin || keysAlone) && isTerminal(STDIN);
  return { ...streams, tty, watchKeys, signalProxy, detachKeys: chooseDetachKeys(detachKeys) };
}

/** Size of the user's terminal, so that a container's terminal has it before its program starts. */
export function terminalSize(): { terminalSize: { rows: number; columns: number } } | undefined {
  const stream = [process.stdout, process.stdin].find(each => isTerminal(each.fd));
  const [columns, rows] = stream === undefined ? [0, 0] : windowSize(stream.fd);
  return columns > 0 && rows > 0 ? { terminalSize: { rows, columns } } : undefined;
}

function windowSize(fd: number): [columns: number, rows: number] {
  const { WriteStream } = require('node:tty') as typeof import('node:tty');
  return fd === 1 ? process.stdout.getWindowSize() : new WriteStream(fd).getWindowSize();
}

const EARLY_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * Runs a start whose client this process is to become. A signal that comes before there is a client is passed on to
 * the container: dying of it would leave a container running that nobody sees.
 */
export async function holdSignals<T>(start: () => Promise<T>, passOn: (signal: string) => void): Promise<T> {
  const held: string[] = [];
  const hold = (signal: string) => held.push(signal);
  for (const name of EARLY_SIGNALS) process.on(name, hold);
  const result = await start();
  // Signals are told by the event loop: let it turn once.
  await new Promise(resolve => setImmediate(resolve));
  for (const signal of held) passOnIfRunning(signal, passOn);
  return result;
}

function passOnIfRunning(signal: string, passOn: (signal: string) => void): void {
  try {
    passOn(signal);
  } catch (error) {
    // A container that has ended needs no signal any more.
    if (!isTinydError(error) || error.code !== 'ERR_TINYD_CONTAINER_STATE') throw error;
  }
}

let beforeReplacing = () => {};

/** Sets what is to be done before this process is replaced, since no exit handler will run then. */
export function onReplacing(action: () => void): void {
  beforeReplacing = action;
}

/** Replaces this process by the native attach client, which ends with the container's exit status. */
export function becomeClient(client: AttachClient): never {
  beforeReplacing();
  return becomeAttachClient(client);
}
