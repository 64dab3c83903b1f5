import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signalProcess } from '@tinyd/native';
import type { RuntimeContext } from '../context';
import type { ContainerLayout } from '../layout';
import { stopSignalOf } from '../lowering/session';
import { parseSignal } from '../spec/signals';
import { requireContainer } from '../state/container-state';
import { readStateFile } from '../state/state-file';
import { STATUS_RULES, wrongState } from '../state/status';

/** SIGKILL: it reaches a frozen process only once that is thawed. */
export const SIGKILL = 9;

/**
 * Signals a container's first process. Takes no lock, so that it works while a start or a stop is under way. A paused
 * container runs on after a signal that is to end it: SIGKILL, or its own stop signal.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE when nothing runs, ERR_TINYD_OPTION_INVALID for an unknown signal.
 */
export function killContainer(context: RuntimeContext, id: string, signal: string = 'KILL'): void {
  const number = parseSignal(signal);
  const { record, state } = requireContainer(context, id);
  if (!STATUS_RULES[state.status].hasProcess) throw wrongState('kill', record.name, state.status);
  // Gone between the look and the signal: the wish is fulfilled for SIGKILL, and for others nothing is left to ask.
  if (!signalProcess(state.pid, BigInt(state.startTicks), number)) {
    throw wrongState('kill', record.name, 'exited');
  }
  if (number === SIGKILL || number === stopSignalOf(record)) thawFrozen(state.pid);
}

/** Kills the process of a container whose monitor died and did not take it along. */
export function killLeftovers(paths: ContainerLayout): void {
  const file = readStateFile(paths.state);
  if (file?.status !== 'running') return;
  if (signalProcess(file.pid, BigInt(file.startTicks), SIGKILL)) thawFrozen(file.pid);
}

/**
 * Lets a frozen container run on, so that a SIGKILL sent before can end it.
 *
 * The process's own freezer is asked: v1's `freezer.state`, v2's `cgroup.freeze`. A container that is not frozen, or
 * already gone, needs nothing.
 */
export function thawFrozen(pid: number): void {
  for (const [path, value, frozen] of freezerFiles(pid)) {
    if (existsSync(path) && frozen.test(readFileSync(path, 'latin1'))) writeFileSync(path, value);
  }
}

function freezerFiles(pid: number): [path: string, value: string, frozen: RegExp][] {
  let memberships: string;
  try {
    memberships = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
  } catch {
    return [];
  }
  return memberships.split('\n').flatMap((line): [string, string, RegExp][] => {
    const [, controllers = '', ...rest] = line.split(':');
    const path = rest.join(':');
    // Thawing the root or a cgroup that is not a container's would touch other programs.
    if (!path.includes('/tinyd/')) return [];
    if (controllers === 'freezer')
      return [[join('/sys/fs/cgroup/freezer', path, 'freezer.state'), 'THAWED', /^FR/]];
    if (controllers !== '') return [];
    return [
      [join('/sys/fs/cgroup', path, 'cgroup.freeze'), '0', /^1/],
      [join('/sys/fs/cgroup/unified', path, 'cgroup.freeze'), '0', /^1/],
    ];
  });
}
