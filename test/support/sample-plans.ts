import type { Plan } from '../../packages/runtime/dist/plan/plan';
import type { SessionPlan } from '../../packages/runtime/dist/plan/session';

const session: SessionPlan = {
  id: '0123456789abcdef',
  runDir: '/run/tinyd/containers/0123456789abcdef',
  stateDir: '/var/lib/tinyd/containers/0123456789abcdef',
  log: { path: '/var/lib/tinyd/containers/0123456789abcdef/log', maxBytes: 10 << 20, maxFiles: 3 },
  terminal: { rows: 24, columns: 80 },
  stdin: 'once',
  firstClient: true,
  cgroups: [
    {
      path: '/sys/fs/cgroup/memory/tinyd/0123456789abcdef',
      writes: [
        { file: 'memory.limit_in_bytes', value: '67108864', optional: false },
        { file: 'memory.swappiness', value: '60', optional: true },
      ],
      deviceProgram: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]),
      enter: true,
      unified: false,
    },
  ],
  monitorCgroup: '/sys/fs/cgroup/tinyd/monitors',
  oomFile: '/sys/fs/cgroup/memory/tinyd/0123456789abcdef/memory.oom_control',
  network: {
    hostBatch: Uint8Array.from({ length: 96 }, (_, index) => index),
    containerBatch: Uint8Array.from({ length: 64 }, (_, index) => index),
    portBatch: Uint8Array.from({ length: 33 }, (_, index) => index),
    portTeardownBatch: Uint8Array.from({ length: 32 }, (_, index) => index),
    hostTeardownBatch: Uint8Array.from({ length: 40 }, (_, index) => index),
    claims: [
      { protocol: 'tcp', address: '0.0.0.0', port: 8080 },
      { protocol: 'udp', address: '::1', port: 53 },
    ],
    sysctls: [{ path: 'net/ipv4/ip_unprivileged_port_start', value: '0' }],
    dns: {
      address: '127.0.0.11',
      port: 65053,
      redirectBatch: Uint8Array.from({ length: 32 }, (_, index) => index),
    },
  },
  stopSignal: 15,
  stopTimeoutSeconds: -1,
  restart: { onlyFailures: true, mostTimes: 3 },
  teardown: {
    releases: [{ file: '/var/lib/tinyd/networks/bridge.ipam', offset: 2 ** 33 }],
    removeLinks: ['/var/lib/tinyd/names/web'],
    removeTrees: ['/var/lib/tinyd/containers/0123456789abcdef'],
  },
};

const process: Plan['process'] = {
  argv: ['nginx', '-g', 'daemon off;', ''],
  env: ['PATH=/usr/sbin:/usr/bin:/bin', 'LANG=é'],
  cwd: '/srv',
  uid: 101,
  gid: 102,
  additionalGids: [102, 2 ** 32 - 2],
  umask: 0o022,
  capabilities: {
    bounding: 0xa80425fbn,
    effective: 1n,
    permitted: 2n ** 63n,
    inheritable: 0n,
    ambient: 4n,
  },
  noNewPrivileges: true,
  seccomp: { filter: Uint8Array.from({ length: 80 }, (_, index) => index), flags: 2 },
  rlimits: [{ resource: 7, soft: 1024n, hard: 2n ** 64n - 1n }],
  oomScoreAdj: -500,
  init: true,
  newSessionKeyring: true,
};

/** A plan for a container that uses every field and every kind of mount step. */
export const containerPlan: Plan = {
  session,
  target: {
    kind: 'container',
    unshare: ['mnt', 'pid', 'ipc', 'uts', 'cgroup'],
    join: [{ kind: 'net', path: '/proc/42/ns/net', process: { pid: 42, startTicks: 2n ** 33n } }],
    hostname: 'web',
    domainname: 'example.org',
    rootfs: { workingDir: '/var/lib/tinyd', overlayOptions: 'lowerdir=l/a:l/b', target: '/rootfs' },
    mounts: [
      { kind: 'filesystem', type: 'tmpfs', source: 'tmpfs', target: '/dev', flags: 2, data: 'mode=755' },
      {
        kind: 'bind',
        source: '/srv',
        process: { pid: 42, startTicks: 7n },
        target: '/data',
        recursive: true,
        flags: 1,
        flagsBelow: true,
        propagation: 'rslave',
        targetIsDirectory: true,
      },
      { kind: 'image', target: '/img', overlayOptions: 'lowerdir=l/a:l/b', subpath: 'usr' },
      { kind: 'symlink', path: '/dev/ptmx', target: 'pts/ptmx' },
      {
        kind: 'device',
        path: '/dev/fuse',
        type: 'c',
        major: 10,
        minor: 229,
        mode: 0o666,
        uid: 1,
        gid: 2,
      },
      { kind: 'mask', path: '/proc/kcore' },
      { kind: 'readonly', path: '/proc/sys' },
      {
        kind: 'cgroup-v1',
        target: '/sys/fs/cgroup',
        hierarchies: [{ name: 'cpu,cpuacct', source: '/sys/fs/cgroup/cpu/tinyd/x' }],
        links: [{ name: 'cpu', target: 'cpu,cpuacct' }],
      },
    ],
    readOnlyRoot: true,
    rootPropagation: 'slave',
  },
  process,
  health: {
    process: { ...process, argv: ['/bin/sh', '-c', 'test -e /well'], init: false },
    interval: 30_000,
    timeout: 1500,
    startPeriod: 0,
    startInterval: 5000,
    timeoutText: '1.5s',
    retries: 3,
    onUnhealthy: 'restart',
  },
  events: {
    journal: '/run/tinyd/events/journal',
    head: '"id":"0123456789abcdef","from":"nginx"',
    actor: '0123456789abcdef',
    attributes: '"image":"nginx","name":"web"',
  },
};

/** A plan for an exec, with every optional part left out. */
export const joinPlan: Plan = {
  session: {
    id: session.id,
    runDir: session.runDir,
    stateDir: session.runDir,
    stdin: 'closed',
    firstClient: false,
    cgroups: [],
    stopSignal: 9,
    teardown: { releases: [], removeLinks: [], removeTrees: [] },
  },
  target: { kind: 'join', pid: 4242, startTicks: 2n ** 40n, namespaces: ['mnt', 'net'] },
  process: {
    argv: ['sh'],
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
  },
};
