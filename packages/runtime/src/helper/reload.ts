import { closeSync, readSync, writeSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { connectUnix } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { encodeClientFrame, MonitorFrameReader } from '../attach-protocol';

/** Why a monitor could not do what the plan says. */
export interface ReloadRefusal {
  /** Positive errno. */
  readonly errno: number;
  /** `tcp 0.0.0.0:80` */
  readonly operand: string;
}

/**
 * Tells a container's monitor that its plan was replaced: it holds the ports that the new one names, and lets go of
 * others.
 *
 * @returns undefined when it does. Fails with ERR_TINYD_CONTAINER_STATE when the container ends meanwhile, or its monitor
 * is one of an older tinyd.
 */
export function reloadPlan(socket: string, name: string): ReloadRefusal | undefined {
  let fd: number | undefined;
  try {
    fd = connectUnix(socket);
    const question = [encodeClientFrame({ type: 'hello', wants: 0 }), encodeClientFrame({ type: 'reload' })];
    writeSync(fd, Buffer.concat(question));
    const { errno, operand } = awaitAnswer(fd, name);
    return errno === 0 ? undefined : { errno, operand };
  } catch (error) {
    if (systemCode(error) === undefined || error instanceof TinydError) throw error;
    throw unreachable(name, systemCode(error) ?? '', error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function awaitAnswer(fd: number, name: string): ReloadRefusal {
  const reader = new MonitorFrameReader();
  const piece = Buffer.alloc(4096);
  for (;;) {
    const length = readSync(fd, piece);
    if (length === 0) throw unreachable(name, 'it has ended');
    for (const frame of reader.push(Buffer.from(piece.subarray(0, length)))) {
      if (frame.type === 'reloaded') return frame;
      if (frame.type === 'exit') throw unreachable(name, 'it has ended');
      if (frame.type === 'error') throw unreachable(name, `its monitor says: ${frame.message}`);
    }
  }
}

function unreachable(name: string, why: string, cause?: unknown): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTAINER_STATE',
    `cannot change what container ${name} publishes: ${why}`,
    {
      hint: 'tinyd ps -a shows its state; restart it if it was started by an older tinyd',
      details: { container: name },
      cause,
    },
  );
}
