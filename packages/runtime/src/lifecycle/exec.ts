import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { TinydError } from '@tinyd/core';
import { randomBytes } from '@tinyd/native';
import type { AttachClient, AttachOptions } from '../attach-client';
import { resolveCapabilities } from '../capabilities';
import { planCgroups } from '../cgroup';
import type { RuntimeContext } from '../context';
import { recordEvents } from '../events/journal';
import { containerEvent } from '../events/record-container';
import { launchHelper } from '../helper/launch';
import { startError } from '../helper/start-error';
import { lowerEvents } from '../lowering/events';
import { lowerProcess } from '../lowering/process';
import { encodePlan } from '../plan/encode';
import type { Plan } from '../plan/plan';
import { accountsOfProcess } from '../rootfs/container-accounts';
import { seccompFor } from '../seccomp/seccomp';
import { overrideEnvironment } from '../spec/environment';
import { resolveUser } from '../spec/user';
import type { Spec, SpecProcess } from '../spec-types';
import { type ContainerView, requireContainer } from '../state/container-state';
import { isPaused } from '../state/paused';
import { STATUS_RULES, wrongState } from '../state/status';
import { Undo } from '../undo';

/** A process that is to join a container. */
export interface ExecOptions {
  readonly command: readonly string[];
  /** `K=V`; on top of the container's own. */
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly user?: string;
  readonly tty?: boolean;
  readonly openStdin?: boolean;
  readonly privileged?: boolean;
  readonly terminalSize?: { readonly rows: number; readonly columns: number };
  /** Gives the caller a client that sees all of the output; undefined: detached. */
  readonly attach?: AttachOptions;
}

/** A process that has joined. */
export interface ExecResult {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly warnings: readonly string[];
  /** What to become with `becomeAttachClient`; given if `attach` was. */
  readonly client?: AttachClient;
}

/**
 * Runs a further process inside a running container, with the container's own confinement, and returns once it runs.
 *
 * User and groups are looked up in the container's files as they are now. Fails with ERR_TINYD_CONTAINER_STATE,
 * ERR_TINYD_COMMAND_NOT_FOUND, ERR_TINYD_COMMAND_NOT_EXECUTABLE or ERR_TINYD_START_FAILED.
 */
export async function execInContainer(
  context: RuntimeContext,
  id: string,
  options: ExecOptions,
): Promise<ExecResult> {
  if (options.command.length === 0) {
    throw new TinydError('ERR_TINYD_COMMAND_MISSING', 'cannot execute: no command given', {
      hint: 'tinyd exec CONTAINER COMMAND',
    });
  }
  const view = requireContainer(context, id);
  if (!STATUS_RULES[view.state.status].hasProcess)
    throw wrongState('exec in', view.record.name, view.state.status);
  // It would enter the frozen cgroup, and hang there.
  if (isPaused(view)) throw wrongState('exec in', view.record.name, 'paused');
  const execId = randomBytes(32).toString('hex');
  const runDir = join(view.paths.execs, execId);
  const undo = new Undo();
  try {
    const plan: Plan = {
      ...execPlan(view, execId, runDir, options),
      ...lowerEvents(context.layout, view.record, { execID: execId }),
    };
    mkdirSync(runDir, { recursive: true, mode: 0o700 });
    undo.add(() => rmSync(runDir, { recursive: true, force: true }));
    const command = options.command.join(' ');
    const actions = [`exec_create: ${command}`, `exec_start: ${command}`];
    recordEvents(
      context.layout,
      actions.map(action => containerEvent(view.record, action, { execID: execId })),
    );
    const { report, client } = launchHelper(encodePlan(plan), options.attach);
    if (report.stage !== 'started')
      throw startError(report, 'exec in', view.record.name, options.command[0] ?? '');
    return { id: execId, warnings: report.warnings, ...(client === undefined ? {} : { client }) };
  } catch (error) {
    throw await undo.rollBack(error);
  }
}

function execPlan(view: ContainerView, execId: string, runDir: string, options: ExecOptions): Plan {
  const { record, state, paths } = view;
  const spec = JSON.parse(readFileSync(paths.spec, 'utf8')) as Spec;
  const { process, masks } = joiningProcess(view, spec, options);
  const isLifted = record.options.privileged && record.options.seccomp === 'default';
  // The container's own filter, also for a privileged exec: that gives capabilities, as docker's does.
  const seccomp = seccompFor(
    isLifted ? 'unconfined' : record.options.seccomp,
    spec.process.capabilities?.bounding ?? [],
  );
  const { cgroups, monitorCgroup } = planCgroups(record.id, {}, []);
  return {
    session: {
      id: execId,
      runDir,
      stateDir: runDir,
      ...(options.tty === true ? { terminal: options.terminalSize ?? { rows: 24, columns: 80 } } : {}),
      stdin: options.openStdin === true && options.attach !== undefined ? 'once' : 'closed',
      firstClient: options.attach !== undefined,
      // Entered as they are: limits and folders are the container's.
      cgroups: cgroups.map(cgroup => ({ ...cgroup, writes: [] })),
      ...(monitorCgroup === undefined ? {} : { monitorCgroup }),
      stopSignal: 15,
      teardown: { releases: [], removeLinks: [], removeTrees: [runDir] },
    },
    target: {
      kind: 'join',
      pid: state.pid,
      startTicks: BigInt(state.startTicks),
      namespaces: ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'],
    },
    process: lowerProcess(process, {
      masks,
      ...(seccomp.filter === undefined ? {} : { seccomp: { filter: seccomp.filter, flags: seccomp.flags } }),
      init: false,
      newSessionKeyring: false,
    }),
  };
}

function joiningProcess({ record, state }: ContainerView, spec: Spec, options: ExecOptions) {
  const base = spec.process;
  const user =
    options.user === undefined
      ? undefined
      : resolveUser(options.user, accountsOfProcess(state.pid), record.options.groupAdd);
  const capabilities = resolveCapabilities({
    add: record.options.capAdd,
    drop: record.options.capDrop,
    privileged: record.options.privileged || options.privileged === true,
    uid: user?.uid ?? base.user.uid,
  });
  const env = overrideEnvironment(base.env, [
    ...(options.tty === true ? ['TERM=xterm'] : []),
    // A variable of the container's own HOME belongs to its user; another user has another home.
    ...(user === undefined || declaresHome(record.options) ? [] : [`HOME=${user.home}`]),
    ...(options.env ?? []),
  ]);
  const process: SpecProcess = {
    ...base,
    terminal: options.tty ?? false,
    args: options.command,
    env,
    cwd: options.workingDir === undefined ? base.cwd : posix.resolve('/', options.workingDir),
    capabilities: capabilities.spec,
    ...(user === undefined
      ? {}
      : { user: { ...base.user, uid: user.uid, gid: user.gid, additionalGids: user.additionalGids } }),
  };
  return { process, masks: capabilities.masks };
}

function declaresHome(options: ContainerView['record']['options']): boolean {
  const declared = [...options.env, ...(options.image.config.config?.Env ?? [])];
  return declared.some(entry => entry.startsWith('HOME='));
}
