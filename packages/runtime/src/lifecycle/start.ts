import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { replaceUnflushed } from '../atomic-file';
import type { AttachClient, AttachOptions } from '../attach-client';
import { planCgroups, removeCgroups } from '../cgroup';
import { withContainerLock } from '../container-lock';
import type { RuntimeContext } from '../context';
import { writeEtcFiles } from '../etc/etc-files';
import { recordContainer } from '../events/record-container';
import { launchHelper } from '../helper/launch';
import { startError } from '../helper/start-error';
import { containerLayout } from '../layout';
import { lowerContainer } from '../lowering/container';
import { makeBindSources } from '../lowering/mounts';
import { lowerSession } from '../lowering/session';
import { forgetFlows, type NetworkSettings } from '../network';
import type { CreateOptions } from '../options';
import { encodePlan } from '../plan/encode';
import type { Plan } from '../plan/plan';
import { writePlanFile } from '../plan/plan-file';
import { withSlack } from '../quota/writable-quota';
import { specText } from '../spec-text';
import { type ContainerView, requireContainer } from '../state/container-state';
import { noteFailedStart } from '../state/failed-start';
import { isPaused } from '../state/paused';
import { STATUS_RULES, wrongState } from '../state/status';
import { Undo } from '../undo';
import { volumesGoingAlong } from '../volumes/mount-volumes';
import { namesFiles, resolvesNames, writeResolver } from './name-service';
import { claimError, type PreparedNetwork, prepareNetwork, repairNetworks, withSysctls } from './network';
import { prepareSpec, takePrepared } from './prepare-spec';
import { removeLocked } from './remove';
import { renewShares } from './renew-shares';
import { repairContainer } from './repair';
import { removeRunFolder } from './run-folder';
import { sharedNamespaces } from './shared-namespaces';
import { allowRestart } from './suppress-restart';

/** How a container is started. */
export interface StartOptions {
  /** Size of the terminal, known before the program starts. */
  readonly terminalSize?: { readonly rows: number; readonly columns: number };
  /** Gives the caller a client that sees all of the output from the first byte on. */
  readonly attach?: AttachOptions;
}

/** What a start has to tell. */
export interface StartResult {
  /** False when it was running already, which is no error. */
  readonly started: boolean;
  /** What was left out, as the host could not give it, and what was repaired: a raised rlimit, a network's bridge. */
  readonly warnings: readonly string[];
  /** What to become with `becomeAttachClient`; given if `attach` was, and the container was not running already. */
  readonly client?: AttachClient;
}

/**
 * Starts a container and returns once its program runs, in the hands of its monitor.
 *
 * Fails with ERR_TINYD_COMMAND_NOT_FOUND, ERR_TINYD_COMMAND_NOT_EXECUTABLE, ERR_TINYD_START_FAILED or the code of what
 * went wrong; everything taken for the start is given back, and a `--rm` container is removed.
 */
export async function startContainer(
  context: RuntimeContext,
  id: string,
  options: StartOptions = {},
): Promise<StartResult> {
  const paths = containerLayout(context.layout, id);
  let isAgain = false;
  const result = await withContainerLock(paths, async () => {
    const view = await repairContainer(context, requireContainer(context, id));
    isAgain = view.state.status === 'exited';
    if (isPaused(view)) throw wrongState('start', view.record.name, 'paused');
    if (!STATUS_RULES[view.state.status].canStart) {
      return { started: false, warnings: repairNetworks(context, paths) };
    }
    const undo = new Undo();
    if (view.record.options.autoRemove) undo.add(() => removeLocked(context, view));
    try {
      const { storage } = view.record.options;
      const begin = () => start(context, view, options, undo);
      return await (storage === undefined ? begin() : withSlack(context.layout, id, storage.bytes, begin));
    } catch (error) {
      const failure = await undo.rollBack(error);
      noteFailedStart(paths, failure);
      throw failure;
    }
  });
  // Nobody shares anything with one that has never run.
  if (result.started && isAgain) await renewShares(context, id);
  return result;
}

async function start(
  context: RuntimeContext,
  view: ContainerView,
  options: StartOptions,
  undo: Undo,
): Promise<StartResult> {
  const { record, paths } = view;
  makeBindSources(record.options.binds);
  const network = await prepareNetwork(context, record, paths, undo);
  const { plan, program, warnings } = preparePlan(context, view, options, network, undo);
  // A helper that fails undoes what it did; one that is killed does not.
  undo.add(async () => void (await removeCgroups(record.id)));
  const encoded = encodePlan(plan);
  // What is removed when it ends is not started again; but its networks and ports may change while it runs.
  if (!record.options.autoRemove || hasChangeableNetworks(record.options)) {
    writePlanFile(paths.plan, plan, encoded);
  }
  allowRestart({ paths, record });
  if (plan.health !== undefined) rmSync(paths.health, { force: true });
  // The start itself is recorded by the monitor, before anything that follows from it.
  if (options.attach !== undefined) recordContainer(context, record, 'attach');
  const { report, client } = launchHelper(encoded, options.attach);
  if (report.stage !== 'started') {
    const failure = startError(report, 'start', record.name, program);
    throw (await claimError(context, network, report)) ?? failure;
  }
  for (const settings of network.settings) forgetFlows(settings);
  return {
    started: true,
    warnings: [...network.warnings, ...warnings, ...report.warnings],
    ...(client === undefined ? {} : { client }),
  };
}

/** Writes the files that the container and its monitor read, and says what the helper is to do. */
function preparePlan(
  context: RuntimeContext,
  { record, paths }: ContainerView,
  options: StartOptions,
  network: PreparedNetwork,
  undo: Undo,
): { readonly plan: Plan; readonly program: string; readonly warnings: readonly string[] } {
  writeEtcFiles(record, paths, {
    addresses: network.settings.flatMap(({ address, address6 }) =>
      address6 === undefined ? [address] : [address, address6],
    ),
    ...hostGatewayOf(network.settings),
  });
  const shared = sharedNamespaces(context, record);
  const prepareAnew = () => {
    const again = prepareSpec(context, record, paths, {
      ...shared.joined,
      ...(network.joinedNetwork === undefined ? {} : { network: network.joinedNetwork }),
    });
    replaceUnflushed(paths.spec, `${specText(again.spec)}\n`);
    return again;
  };
  const prepared = takePrepared(context, record, paths) ?? prepareAnew();
  const cgroups = planCgroups(record.id, record.options.limits, prepared.spec.linux.resources?.devices ?? []);
  mkdirSync(paths.runDir, { recursive: true, mode: 0o700 });
  undo.add(() => removeRunFolder(paths));
  if (network.settings.some(resolvesNames)) writeResolver(context, record, paths, network.settings);
  if (record.options.autoRemove) symlinkSync(context.layout.names, paths.nameFolder);
  const plan = lowerContainer(context.layout, {
    record,
    paths,
    prepared,
    session: lowerSession(record, paths, {
      cgroups,
      network: withSysctls(network.plan, prepared.spec.linux.sysctl),
      releases: network.releases,
      names: namesFiles(context.layout, record.id, network.settings),
      attached: options.attach !== undefined,
      volumes: volumesGoingAlong(context.layout, record),
      ...(options.terminalSize === undefined ? {} : { terminalSize: options.terminalSize }),
    }),
    cgroupView: cgroups.view,
    ...(shared.sharedMemoryOf === undefined ? {} : { sharedMemoryOf: shared.sharedMemoryOf }),
  });
  return { plan, program: prepared.spec.process.args[0] ?? '', warnings: cgroups.warnings };
}

function hasChangeableNetworks({ network }: CreateOptions): boolean {
  return network.mode === 'bridge' || network.mode === 'user';
}

/** The host as the container sees it: its address on the network that leads out, or else on the first one. */
function hostGatewayOf(settings: readonly NetworkSettings[]): { hostGateway?: string } {
  const place = settings.find(({ isGateway }) => isGateway) ?? settings[0];
  return place === undefined ? {} : { hostGateway: place.gateway };
}
