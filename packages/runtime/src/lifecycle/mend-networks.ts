import { closeSync, openSync, statSync } from 'node:fs';
import { isTinydError } from '@tinyd/core';
import { tryLock } from '@tinyd/native';
import { readIfThere, systemCode } from '../atomic-file';
import type { NetworkRepair, RuntimeContext } from '../context';
import { type ContainerLayout, containerLayout } from '../layout';
import { type AttachedContainer, ensureNetwork, hurtMembers, severed, whatIsWrong } from '../network';
import { startTicksOf } from '../state/processes';
import { readStateFile } from '../state/state-file';
import { runningNetworks } from './network';

/**
 * Looks properly at the networks of all containers that run, and puts in place what is missing. Tells `onNetworkRepair`, also of
 * what cannot be put back. Never fails.
 */
export function mendNetworks(context: RuntimeContext): void {
  const marked = settledMembers(context);
  for (const name of new Set([...marked.keys()].map(({ settings }) => settings.network)))
    mend(context, name, new Map([...marked].filter(([{ settings }]) => settings.network === name)));
}

/** Containers, and for each what is the same again as long as nobody starts, ends or changes it. */
type Marked = ReadonlyMap<AttachedContainer, string>;

function mend(context: RuntimeContext, name: string, marked: Marked): void {
  const { root } = context.layout;
  const told: string[] = [];
  try {
    const members = unchanged(context, marked, hurtMembers(root, name, [...marked.keys()]));
    const running = () => runningNetworks(context);
    ensureNetwork({ root, name, running, members, tell: repair => told.push(repair) });
    told.push(
      ...severed(members)
        .filter(member => isAlive(context, member))
        .map(severedText),
    );
  } catch (error) {
    if (lacksPrivilege(error)) told.push(...powerlessText(whatIsWrong(root, name, [...marked.keys()])));
    else told.push(failureText(error));
  }
  for (const text of told) tell(context, { network: name, text });
}

/**
 * Those that are now as they were before something of them was found missing. Of one that has ended, or was changed, meanwhile
 * it was missing for that reason.
 */
function unchanged(
  context: RuntimeContext,
  before: Marked,
  hurt: readonly AttachedContainer[],
): AttachedContainer[] {
  if (hurt.length === 0) return [];
  const marks = new Set(settledMembers(context).values());
  return hurt.filter(member => marks.has(before.get(member) ?? ''));
}

/** The containers that run in peace, each with the text of its state and of its place. */
function settledMembers(context: RuntimeContext): Marked {
  const members = runningNetworks(context).filter(member => isSettled(context, member));
  return new Map(
    members.map(member => {
      const state = readIfThere(containerLayout(context.layout, member.id).state);
      return [member, `${state} ${JSON.stringify(member.settings)}`];
    }),
  );
}

function lacksPrivilege(error: unknown): boolean {
  return systemCode(error) === 'EPERM' || systemCode((error as Error).cause) === 'EPERM';
}

/** Nothing where nothing that can be seen is wrong. */
function powerlessText(wrong: string | undefined): string[] {
  const advice =
    'this command lacks the privilege to mend that (CAP_NET_ADMIN): run tinyd ps as root of the host';
  return wrong === undefined ? [] : [`${wrong}, and ${advice}`];
}

function tell({ repairs, onNetworkRepair }: RuntimeContext, repair: NetworkRepair): void {
  repairs.push(repair);
  onNetworkRepair?.(repair);
}

function severedText({ name, settings }: AttachedContainer): string {
  return `container ${name} has no interface on network ${settings.network} any more, somebody deleted link ${settings.hostVeth}: tinyd restart ${name} gives it a new one`;
}

function failureText(error: unknown): string {
  const hint = isTinydError(error) && error.hint !== undefined ? `; ${error.hint}` : '';
  return `${error instanceof Error ? error.message : String(error)}${hint}`;
}

/**
 * False for a container that a command, or its monitor, is just changing: what is missing of it may be about to come, or to go.
 * And for one of another network namespace of this host, where other bridges and rules are.
 */
function isSettled({ layout }: RuntimeContext, { id }: AttachedContainer): boolean {
  const paths = containerLayout(layout, id);
  return !isLocked(paths) && isOfThisNamespace(paths);
}

function isLocked({ lock }: ContainerLayout): boolean {
  try {
    const fd = openSync(lock, 'r');
    try {
      return !tryLock(fd, 'exclusive');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw error;
  }
}

function isOfThisNamespace({ state }: ContainerLayout): boolean {
  const monitor = readStateFile(state)?.monitorPid;
  try {
    return statSync(`/proc/${monitor}/ns/net`).ino === statSync('/proc/self/ns/net').ino;
  } catch (error) {
    // It may not be looked at; one that is gone needs nothing.
    return systemCode(error) === 'EACCES';
  }
}

function isAlive({ layout }: RuntimeContext, { id }: AttachedContainer): boolean {
  const file = readStateFile(containerLayout(layout, id).state);
  return file?.status === 'running' && startTicksOf(file.pid) === file.startTicks;
}
