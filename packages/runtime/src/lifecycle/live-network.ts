import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { TinydError } from '@tinyd/core';
import { replaceUnflushed } from '../atomic-file';
import type { RuntimeContext } from '../context';
import { changeNetwork, type NetworkChange } from '../helper/connect';
import { startError } from '../helper/start-error';
import type { ContainerLayout } from '../layout';
import { type Attachment, type NetworkSettings, placeSysctls } from '../network';
import { dnsPlan } from '../network/dns';
import type { NetworkPlan } from '../plan/network';
import type { Plan } from '../plan/plan';
import { rewritePlanFile } from '../plan/plan-file';
import type { ContainerView } from '../state/container-state';
import type { Undo } from '../undo';
import { announceNames, namesFiles, resolvesNames, withdrawNames, writeResolver } from './name-service';
import { readNetworkSettings } from './network-settings';

/** The hosts file of a container that fills it is left alone. */
const MOST_HOSTS_BYTES = 1 << 20;

/** What a container that had no resolver is given with its first network that resolves names. */
type NewResolver = Pick<NetworkChange, 'dns'>;

/**
 * Notes which places a running container has from now on: for `inspect` and for other commands, should its monitor be
 * killed; for the monitor, which gives them back; for its resolver and hosts file.
 *
 * Comes before what is new exists in the kernel, and before what is old goes there.
 */
export function commitLiveNetwork(
  context: RuntimeContext,
  view: ContainerView,
  attachment: Attachment,
  undo: Undo,
): NewResolver {
  const { record, paths } = view;
  const before = readNetworkSettings(paths);
  let dns: NetworkPlan['dns'];
  let isNew = false;
  const takeBack = rewritePlanFile(paths.plan, plan => {
    dns = plan.session.network?.dns;
    isNew = dns === undefined && attachment.settings.some(resolvesNames);
    if (isNew) dns = dnsPlan();
    return withNetwork(context, plan, record.id, before, attachment, dns);
  });
  if (takeBack === undefined) throw withoutPlan(record.name);
  undo.add(takeBack);
  undo.add(() => {
    withdrawNames(context.layout, record.id, attachment.settings);
    note(context, view, attachment.settings, before);
  });
  if (dns !== undefined) lead(context, view, attachment.settings, undo);
  note(context, view, before, attachment.settings);
  return isNew && dns !== undefined ? { dns } : {};
}

/** Has the container's questions answered for its new places. */
function lead(
  context: RuntimeContext,
  { record, paths }: ContainerView,
  places: readonly NetworkSettings[],
  undo: Undo,
): void {
  const before = readFileSync(paths.resolvConf);
  undo.add(() => writeFileSync(paths.resolvConf, before));
  writeResolver(context, record, paths, places);
}

function note(
  context: RuntimeContext,
  { record, paths }: ContainerView,
  before: readonly NetworkSettings[],
  after: readonly NetworkSettings[],
): void {
  replaceUnflushed(paths.network, `${JSON.stringify(after)}\n`);
  announceNames(context, record, after);
  replaceHostsLines(paths, record.hostname, before.flatMap(addressesOf), after.flatMap(addressesOf));
}

function addressesOf({ address, address6 }: NetworkSettings): string[] {
  return address6 === undefined ? [address] : [address, address6];
}

/** Has a helper make the change in the container's network namespace. Fails with ERR_TINYD_NETWORK_FAILED. */
export function changeLiveNetwork(
  { record, paths, state }: ContainerView,
  verb: string,
  change: NetworkChange,
): void {
  const { pid, startTicks } = state;
  const report = changeNetwork({ pid, startTicks: BigInt(startTicks), runDir: paths.runDir }, change);
  if (report.stage !== 'started') throw startError(report, verb, record.name, '');
}

/** The plan in force with other places; what else it says of sysctls and of links to remove stays. */
function withNetwork(
  { layout }: RuntimeContext,
  plan: Plan,
  containerId: string,
  before: readonly NetworkSettings[],
  { plan: network, releases, settings }: Attachment,
  dns: NetworkPlan['dns'],
): Plan {
  const { session } = plan;
  const { sysctls = [] } = session.network ?? {};
  const own = new Set(before.flatMap(place => placeSysctls(layout.root, place)).map(({ path }) => path));
  const names = new Set(namesFiles(layout, containerId, before));
  const { removeLinks } = session.teardown;
  return {
    ...plan,
    session: {
      ...session,
      network: {
        ...network,
        ...(dns === undefined ? {} : { dns }),
        sysctls: [...network.sysctls, ...sysctls.filter(({ path }) => !own.has(path))],
      },
      teardown: {
        ...session.teardown,
        releases,
        removeLinks: [
          ...namesFiles(layout, containerId, settings),
          ...removeLinks.filter(link => !names.has(link)),
        ],
      },
    },
  };
}

/** Keeps what else the container has in its hosts file. In place: its mount must go on showing the same file. */
function replaceHostsLines(
  { hosts }: ContainerLayout,
  hostname: string,
  before: readonly string[],
  after: readonly string[],
): void {
  if (statSync(hosts).size > MOST_HOSTS_BYTES) return;
  const lines = readFileSync(hosts, 'utf8').split('\n');
  const isOwn = (line: string) => before.some(address => line.startsWith(`${address}\t`));
  const names = lines.find(isOwn)?.split('\t')[1] ?? hostname;
  const others = lines.filter(line => line !== '' && !isOwn(line));
  writeFileSync(hosts, [...others, ...after.map(address => `${address}\t${names}`), ''].join('\n'));
}

function withoutPlan(name: string): TinydError {
  return new TinydError(
    'ERR_TINYD_CONTAINER_STATE',
    `cannot change the networks of container ${name}: an older version of tinyd started it, which left no plan to change`,
    {
      hint: 'stop it first',
      details: { container: name },
    },
  );
}
