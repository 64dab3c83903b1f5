import { closeSync, openSync } from 'node:fs';
import { memoryFile, readReport, socketPair, spawnHelper } from '@tinyd/native';
import { encodePlan } from '../plan/encode';
import type { NetworkPlan } from '../plan/network';
import type { Plan } from '../plan/plan';
import type { HelperReport } from '../plan/report';
import { decodeReport } from '../plan/report';

/** How the helper is told to change a running container's network by the plan on descriptor 3. */
const CONNECT_ARGUMENTS = ['tinyd-init', 'connect'];

/** A container's first process. */
export interface FirstProcess {
  readonly pid: number;
  readonly startTicks: bigint;
  /** The container's run folder, where its monitor listens. */
  readonly runDir: string;
}

/** What is done on both sides of a running container's network namespace: see {@link NetworkPlan}. */
export type NetworkChange = Pick<NetworkPlan, 'hostBatch' | 'containerBatch' | 'sysctls' | 'dns'>;

const NOTHING = new Uint8Array();

/** The parts of a plan that a change of the network alone has no use for. */
const NO_PROCESS: Plan['process'] = {
  argv: ['-'],
  env: [],
  cwd: '/',
  uid: 0,
  gid: 0,
  additionalGids: [],
  umask: 0,
  capabilities: { bounding: 0n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n },
  noNewPrivileges: false,
  rlimits: [],
  init: false,
  newSessionKeyring: false,
};

/** Has a helper change the network of a running container; returns what it reports, failure included. */
export function changeNetwork(
  { pid, startTicks, runDir }: FirstProcess,
  change: NetworkChange,
): HelperReport {
  const network = { ...NO_NETWORK, ...change };
  const plan: Plan = {
    session: {
      ...{ id: '', runDir, stateDir: '/', stdin: 'closed', firstClient: false, cgroups: [] },
      ...{ network, stopSignal: 0, teardown: { releases: [], removeLinks: [], removeTrees: [] } },
    },
    target: { kind: 'join', pid, startTicks, namespaces: ['net'] },
    process: NO_PROCESS,
  };
  const open: number[] = [];
  const owned = (fd: number) => {
    open.push(fd);
    return fd;
  };
  try {
    const nothing = owned(openSync('/dev/null', 'r+'));
    const planFd = owned(memoryFile('plan', encodePlan(plan)));
    const [ours, theirs] = socketPair();
    owned(ours);
    spawnHelper({ argv: CONNECT_ARGUMENTS, env: [], fds: [nothing, nothing, nothing, planFd, theirs] });
    closeSync(theirs);
    return decodeReport(readReport(ours));
  } finally {
    for (const fd of open) closeSync(fd);
  }
}

const NO_NETWORK: NetworkPlan = {
  hostBatch: NOTHING,
  containerBatch: NOTHING,
  portBatch: NOTHING,
  portTeardownBatch: NOTHING,
  hostTeardownBatch: NOTHING,
  claims: [],
  sysctls: [],
};
