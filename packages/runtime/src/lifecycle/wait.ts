import { Socket } from 'node:net';
import { connectUnix } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import { encodeClientFrame, type MonitorFrame, MonitorFrameReader } from '../attach-protocol';
import type { RuntimeContext } from '../context';
import type { ContainerLayout } from '../layout';
import { requireContainer, viewContainer } from '../state/container-state';
import { isUp, LOST_EXIT_CODE } from '../state/status';
import { awaitEnd } from './await-end';

/**
 * Waits until a container does not run, and returns its exit status: at once for one that has ended, and 0 for one
 * that was never started (docker's condition "not-running"). Of one that is started again by its restart policy it is
 * that of the run that ends next.
 *
 * The status comes from the monitor itself, as a client that wants nothing else: a `--rm` container leaves no file
 * to read it from.
 */
export async function waitForContainer(context: RuntimeContext, id: string): Promise<number> {
  const view = requireContainer(context, id);
  if (!isUp(view.state.status)) return view.state.exitCode;
  const told = await exitStatusFromMonitor(view.paths);
  // Its monitor may go on for ever.
  if (told !== undefined && isUp(viewContainer(context, id)?.state.status ?? 'exited')) return told;
  const after = await awaitEnd(context, view);
  if (told !== undefined) return told;
  return typeof after === 'object' ? after.state.exitCode : LOST_EXIT_CODE;
}

/** The exit status that the monitor tells its clients; undefined when it does not live to tell it. */
function exitStatusFromMonitor(paths: ContainerLayout): Promise<number | undefined> {
  let fd: number;
  try {
    fd = connectUnix(paths.attachSocket);
  } catch (error) {
    // It has just ended, or was killed.
    if (['ENOENT', 'ECONNREFUSED', 'ENOTDIR'].includes(systemCode(error) ?? ''))
      return Promise.resolve(undefined);
    throw error;
  }
  return new Promise(resolve => {
    const socket = new Socket({ fd });
    const reader = new MonitorFrameReader();
    socket.on('data', piece => {
      const status = reader
        .push(piece)
        .map(statusOf)
        .find(each => each !== undefined);
      if (status === undefined) return;
      resolve(status);
      // The monitor lingers until its clients have taken their last frame and left.
      socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(undefined));
    socket.write(encodeClientFrame({ type: 'hello', wants: 0 }));
  });
}

function statusOf(frame: MonitorFrame): number | undefined {
  return frame.type === 'exit' ? frame.code : undefined;
}
