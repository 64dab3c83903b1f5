import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  lock,
  memoryFile,
  readReport,
  removeTree,
  signalProcess,
  socketPair,
  spawnHelper,
} from '@tinyd/native';
import type { ContainerPlan } from '../../../packages/runtime/dist/plan/container';
import { encodePlan } from '../../../packages/runtime/dist/plan/encode';
import type { MountStep } from '../../../packages/runtime/dist/plan/mount-step';
import type { Plan } from '../../../packages/runtime/dist/plan/plan';
import type { ProcessPlan } from '../../../packages/runtime/dist/plan/process';
import type { HelperReport } from '../../../packages/runtime/dist/plan/report';
import { decodeReport } from '../../../packages/runtime/dist/plan/report';
import type { CgroupPlan, SessionPlan } from '../../../packages/runtime/dist/plan/session';
import { Client } from './client';

const NOSUID = 2;
const NODEV = 4;
const NOEXEC = 8;
const DOCKER_CAPABILITIES = 0xa80425fbn;
const NONE = new Uint8Array();
const LOOPBACK_UP = netlinkLoopbackUp();

/** RTM_NEWLINK that brings interface 1 up, acknowledged. */
function netlinkLoopbackUp(): Uint8Array {
  const message = Buffer.alloc(32);
  message.writeUInt32LE(32, 0);
  message.writeUInt16LE(16, 4);
  message.writeUInt16LE(5, 6);
  message.writeInt32LE(1, 20);
  message.writeUInt32LE(1, 24);
  message.writeUInt32LE(1, 28);
  return message;
}

const device = (path: string, major: number, minor: number): MountStep => {
  return { kind: 'device', path, type: 'c', major, minor, mode: 0o666, uid: 0, gid: 0 };
};

const filesystem = (type: string, target: string, flags: number, data = ''): MountStep => {
  return { kind: 'filesystem', type, source: type, target, flags, data };
};

/** docker's mounts, less the cgroup view. */
export const DEFAULT_MOUNTS: readonly MountStep[] = [
  filesystem('proc', '/proc', NOSUID | NODEV | NOEXEC),
  filesystem('tmpfs', '/dev', NOSUID, 'mode=755,size=65536k'),
  device('/dev/null', 1, 3),
  device('/dev/zero', 1, 5),
  device('/dev/full', 1, 7),
  device('/dev/tty', 5, 0),
  { kind: 'symlink', path: '/dev/fd', target: '/proc/self/fd' },
  { kind: 'symlink', path: '/dev/stdout', target: '/proc/self/fd/1' },
  { kind: 'symlink', path: '/dev/ptmx', target: 'pts/ptmx' },
  filesystem('devpts', '/dev/pts', NOSUID | NOEXEC, 'newinstance,ptmxmode=0666,mode=0620,gid=5'),
  filesystem('sysfs', '/sys', NOSUID | NODEV | NOEXEC | 1),
  filesystem('tmpfs', '/dev/shm', NOSUID | NODEV | NOEXEC, 'mode=1777,size=65536k'),
  filesystem('mqueue', '/dev/mqueue', NOSUID | NODEV | NOEXEC),
  { kind: 'readonly', path: '/proc/sys' },
  { kind: 'readonly', path: '/proc/absent' },
  { kind: 'mask', path: '/proc/kcore' },
  { kind: 'mask', path: '/sys/firmware' },
  { kind: 'mask', path: '/proc/absent' },
];

/** What a test changes in a plan. */
export interface PlanChanges {
  readonly session?: Partial<SessionPlan>;
  readonly container?: Partial<ContainerPlan>;
  readonly process?: Partial<ProcessPlan>;
  readonly target?: Plan['target'];
  readonly mounts?: readonly MountStep[];
}

const SIGKILL = 9;
const FOLDERS = ['bin', 'etc', 'proc', 'sys', 'dev', 'tmp', 'root'];

let serial = 0;

let shared: string | undefined;

/** A layer of this machine's static busybox, made once a process: it takes 400 links. */
function busyboxLayer(): string {
  if (shared !== undefined) return shared;
  const layer = mkdtempSync(join(tmpdir(), 'tinyd-busybox-'));
  process.once('exit', () => rmSync(layer, { recursive: true }));
  for (const name of FOLDERS) mkdirSync(join(layer, name));
  copyFileSync('/bin/busybox', join(layer, 'bin', 'busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const name of applets.filter(each => each !== 'busybox')) {
    symlinkSync('busybox', join(layer, 'bin', name));
  }
  shared = layer;
  return layer;
}

/** The folders of one container, and what was started in it. `lower` is a layer of its own above busybox. */
export class Box {
  readonly base = mkdtempSync(join(tmpdir(), 'tinyd-helper-'));
  readonly lower = join(this.base, 'l', 'image');
  readonly id = `${(++serial).toString(16).padStart(4, '0')}${process.pid.toString(16).padStart(8, '0')}`;
  readonly stateDir = join(this.base, 'container');
  readonly runDir = join(this.base, 'run');
  readonly log = join(this.stateDir, 'log');

  constructor() {
    for (const name of FOLDERS) mkdirSync(join(this.lower, name), { recursive: true });
    for (const name of ['upper', 'work', 'rootfs']) mkdirSync(join(this.stateDir, name), { recursive: true });
    mkdirSync(this.runDir, { mode: 0o700 });
  }

  /** A plan that runs `argv` with docker's defaults and no network but loopback. */
  plan(argv: readonly string[], changes: PlanChanges = {}): Plan {
    return {
      session: {
        id: this.id,
        runDir: this.runDir,
        stateDir: this.stateDir,
        log: { path: this.log, maxBytes: 0, maxFiles: 1 },
        stdin: 'closed',
        firstClient: false,
        cgroups: [],
        network: {
          hostBatch: NONE,
          containerBatch: LOOPBACK_UP,
          portBatch: NONE,
          portTeardownBatch: NONE,
          hostTeardownBatch: NONE,
          claims: [],
          sysctls: [],
        },
        stopSignal: 15,
        teardown: { releases: [], removeLinks: [], removeTrees: [] },
        ...changes.session,
      },
      target: changes.target ?? this.#container(changes),
      process: {
        argv,
        env: ['PATH=/usr/bin:/bin', 'A=1'],
        cwd: '/',
        uid: 0,
        gid: 0,
        additionalGids: [],
        umask: 0o022,
        capabilities: {
          bounding: DOCKER_CAPABILITIES,
          effective: DOCKER_CAPABILITIES,
          permitted: DOCKER_CAPABILITIES,
          inheritable: 0n,
          ambient: 0n,
        },
        noNewPrivileges: false,
        rlimits: [],
        init: false,
        newSessionKeyring: true,
        ...changes.process,
      },
    };
  }

  #container(changes: PlanChanges): ContainerPlan {
    return {
      kind: 'container',
      unshare: ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'],
      join: [],
      hostname: 'box',
      rootfs: {
        workingDir: this.base,
        overlayOptions: `lowerdir=l/image:${busyboxLayer()},upperdir=container/upper,workdir=container/work`,
        target: join(this.stateDir, 'rootfs'),
      },
      mounts: [...DEFAULT_MOUNTS, ...(changes.mounts ?? [])],
      readOnlyRoot: false,
      rootPropagation: 'private',
      ...changes.container,
    };
  }

  /** A cgroup of this box on one v1 hierarchy. */
  cgroup(controller: string, writes: CgroupPlan['writes'] = []): CgroupPlan {
    const path = `/sys/fs/cgroup/${controller}/tinyd/${this.id}`;
    return { path, writes, enter: true, unified: false };
  }

  /** Starts a helper and waits for its report. */
  launch(plan: Plan, client = -1): HelperReport {
    const nothing = openSync('/dev/null', 'r+');
    const planFd = memoryFile('plan', encodePlan(plan));
    const [ours, theirs] = socketPair();
    spawnHelper({
      argv: ['tinyd-init', 'monitor'],
      env: [],
      fds: [nothing, nothing, nothing, planFd, theirs, client],
    });
    for (const fd of [nothing, planFd, theirs]) closeSync(fd);
    const report = decodeReport(readReport(ours));
    closeSync(ours);
    return report;
  }

  /** Starts a plan with a first client and gives both. */
  start(argv: readonly string[], changes: PlanChanges = {}): { report: HelperReport; client: Client } {
    const [ours, theirs] = socketPair();
    const plan = this.plan(argv, { ...changes, session: { ...changes.session, firstClient: true } });
    const report = this.launch(plan, theirs);
    closeSync(theirs);
    if (report.stage !== 'started') throw new Error(`start failed: ${JSON.stringify(report)}`);
    return { report, client: new Client(ours) };
  }

  /** Runs a command to its end and gives what it printed. */
  async run(
    argv: readonly string[],
    changes: PlanChanges = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const { client } = this.start(argv, changes);
    const { code } = await client.exited;
    return { code, stdout: client.stdout(), stderr: client.stderr() };
  }

  state(): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.stateDir, 'state.json'), 'utf8')) as Record<string, unknown>;
  }

  /** Waits until the monitor has let go of everything. */
  async settled(): Promise<void> {
    const fd = openSync(join(this.runDir, 'monitor.lock'), 'a');
    await lock(fd, 'exclusive');
    closeSync(fd);
  }

  /** Ends what still runs, as a test that failed leaves it, and deletes everything. */
  async remove(): Promise<void> {
    const { status, pid, startTicks } = existsSync(join(this.stateDir, 'state.json')) ? this.state() : {};
    if (status === 'running') signalProcess(Number(pid), BigInt(String(startTicks)), SIGKILL);
    await this.settled();
    await removeTree(this.base);
  }
}
