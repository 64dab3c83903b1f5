import { join } from 'node:path';
import type { CgroupResult } from '../cgroup';
import type { ContainerLayout } from '../layout';
import type { RestartPolicy } from '../options';
import type { NetworkPlan } from '../plan/network';
import type { SessionPlan } from '../plan/session';
import type { ContainerRecord } from '../record';
import { imageProcess } from '../spec/generate';
import { parseSignal } from '../spec/signals';

/** docker's --stop-timeout. */
export const DEFAULT_STOP_SECONDS = 10;

/** docker's size of a terminal that nobody looks at. */
const UNSEEN_TERMINAL = { rows: 24, columns: 80 };

/** What a session needs besides the record. */
export interface SessionSources {
  readonly cgroups: Pick<CgroupResult, 'cgroups' | 'monitorCgroup' | 'oomFile'>;
  readonly network: NetworkPlan | undefined;
  readonly releases: SessionPlan['teardown']['releases'];
  /** Files by which the containers of its networks find it. */
  readonly names?: readonly string[];
  readonly terminalSize?: { readonly rows: number; readonly columns: number };
  /** A client is connected from the start. */
  readonly attached: boolean;
  /** Folders of the volumes that go with a `--rm` container. */
  readonly volumes?: readonly string[];
}

/** Lowers what the monitor is to do while the container lives, and after. */
export function lowerSession(
  record: ContainerRecord,
  paths: ContainerLayout,
  sources: SessionSources,
): SessionPlan {
  const { options } = record;
  const { log } = options;
  return {
    id: record.id,
    runDir: paths.runDir,
    stateDir: paths.dir,
    ...(log.driver === 'none'
      ? {}
      : { log: { path: paths.log, maxBytes: log.maxBytes, maxFiles: log.maxFiles } }),
    ...(options.tty ? { terminal: sources.terminalSize ?? UNSEEN_TERMINAL } : {}),
    stdin: options.openStdin ? (options.stdinOnce ? 'once' : 'open') : 'closed',
    firstClient: sources.attached,
    cgroups: sources.cgroups.cgroups,
    ...(sources.cgroups.monitorCgroup === undefined ? {} : { monitorCgroup: sources.cgroups.monitorCgroup }),
    ...(sources.cgroups.oomFile === undefined ? {} : { oomFile: sources.cgroups.oomFile }),
    ...(sources.network === undefined ? {} : { network: sources.network }),
    stopSignal: stopSignalOf(record),
    stopTimeoutSeconds: options.stopTimeout ?? DEFAULT_STOP_SECONDS,
    ...lowerRestart(options.restart),
    teardown: {
      releases: sources.releases,
      removeLinks: [
        ...(sources.names ?? []),
        ...(options.autoRemove ? [join(paths.nameFolder, record.name)] : []),
      ],
      // The run folder goes last: while it is there, a removal that was cut short is seen for what it is.
      removeTrees: options.autoRemove ? [...(sources.volumes ?? []), paths.dir, paths.runDir] : [],
    },
  };
}

/** What a restart policy means for the monitor, to which `always` and `unless-stopped` are one: it knows no reboot. */
export function lowerRestart(policy: RestartPolicy | undefined): Pick<SessionPlan, 'restart'> {
  if (policy === undefined || policy.name === 'no') return {};
  const onlyFailures = policy.name === 'on-failure';
  return { restart: { onlyFailures, mostTimes: onlyFailures ? policy.maximumRetryCount : 0 } };
}

/** Number of the signal that asks the container to stop: the user's, the image's, SIGTERM. */
export function stopSignalOf(record: ContainerRecord): number {
  return parseSignal(record.options.stopSignal ?? (imageProcess(record.options).StopSignal || 'SIGTERM'));
}
