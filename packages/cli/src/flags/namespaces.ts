import type { CreateOptions, HostOrContainer, IpcChoice } from '@tinyd/runtime';
import { invalidFlag, unsupportedFlag } from './invalid';

/** `--pid host|container:NAME`; empty: processes of its own. */
export function parsePid(flag: string, text: string): HostOrContainer | undefined {
  if (text === '') return undefined;
  const shared = parseShared(flag, text);
  if (shared === undefined) throw invalidFlag(flag, text, 'want host or container:NAME');
  return shared;
}

/** `--ipc none|private|shareable|host|container:NAME`. */
export function parseIpc(flag: string, text: string): IpcChoice | undefined {
  if (text === '') return undefined;
  if (text === 'private' || text === 'shareable' || text === 'none') return { mode: text };
  const shared = parseShared(flag, text);
  if (shared === undefined)
    throw invalidFlag(flag, text, 'want none, private, shareable, host or container:NAME');
  return shared;
}

/** `--uts host`; true: the host's. */
export function parseUts(flag: string, text: string): CreateOptions['hostUts'] {
  if (text === '') return undefined;
  if (text !== 'host') throw invalidFlag(flag, text, 'want host');
  return true;
}

/** `--cgroupns host|private`; true: the host's. */
export function parseCgroupns(flag: string, text: string): CreateOptions['hostCgroupns'] {
  if (text === '' || text === 'private') return undefined;
  if (text !== 'host') throw invalidFlag(flag, text, 'want host or private');
  return true;
}

/** `--userns host`: what every container has, since tinyd makes no user namespaces. */
export function checkUserns(flag: string, text: string): void {
  if (text !== '' && text !== 'host') throw unsupportedFlag(flag, text, 'user namespaces are not supported');
}

function parseShared(flag: string, text: string): HostOrContainer | undefined {
  if (text === 'host') return { mode: 'host' };
  if (!text.startsWith('container:')) return undefined;
  const container = text.slice('container:'.length);
  if (container === '') throw invalidFlag(flag, text, 'it names no container');
  return { mode: 'container', container };
}
