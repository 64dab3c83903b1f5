import { strict as assert } from 'node:assert';
import { getSystemErrorMap } from 'node:util';
import { attachArguments } from '../../../packages/runtime/dist/attach-client';
import { startError } from '../../../packages/runtime/dist/helper/start-error';
import { containerLayout, runtimeLayout } from '../../../packages/runtime/dist/layout';
import { lowerOptions } from '../../../packages/runtime/dist/lowering/mount-options';
import { lowerMounts } from '../../../packages/runtime/dist/lowering/mounts';
import { lowerNamespaces } from '../../../packages/runtime/dist/lowering/namespaces';
import { lowerProcess } from '../../../packages/runtime/dist/lowering/process';
import { lowerRootfs } from '../../../packages/runtime/dist/lowering/rootfs';
import { lowerSession } from '../../../packages/runtime/dist/lowering/session';
import type { ReportStage } from '../../../packages/runtime/dist/plan/report';
import { REPORT_STAGES } from '../../../packages/runtime/dist/plan/report';
import type { Spec } from '../../../packages/runtime/dist/spec-types';
import { createOptions } from './create-options';

const LAYOUT = runtimeLayout({ root: '/r', state: '/s' });
const PATHS = containerLayout(LAYOUT, 'c'.repeat(64));
const SPEC: Spec = {
  ociVersion: '1.2.0',
  process: { user: { uid: 1, gid: 2 }, args: ['a'], env: [], cwd: '/' },
  root: { path: 'rootfs' },
  mounts: [],
  linux: { namespaces: [] },
};

describe('lowering to a plan', () => {
  const options: [string[], ReturnType<typeof lowerOptions>][] = [
    [[], { flags: 0, flagsBelow: false, recursive: false, propagation: 'rprivate', data: '' }],
    [
      ['nosuid', 'noexec', 'nodev', 'ro'],
      { flags: 15, flagsBelow: false, recursive: false, propagation: 'rprivate', data: '' },
    ],
    [
      ['ro', 'rw', 'size=1k', 'mode=755'],
      { flags: 0, flagsBelow: false, recursive: false, propagation: 'rprivate', data: 'size=1k,mode=755' },
    ],
    [
      ['bind', 'rslave', 'ro'],
      { flags: 1, flagsBelow: false, recursive: false, propagation: 'rslave', data: '' },
    ],
    [['rbind', 'rro'], { flags: 1, flagsBelow: true, recursive: true, propagation: 'rprivate', data: '' }],
    [
      ['constructor'],
      { flags: 0, flagsBelow: false, recursive: false, propagation: 'rprivate', data: 'constructor' },
    ],
  ];
  for (const [words, lowered] of options) {
    it(`mount options ${words.join(',') || 'none'}`, () => assert.deepEqual(lowerOptions(words), lowered));
  }

  it('devices and links follow the mount of /dev, masks come last', () => {
    const spec: Spec = {
      ...SPEC,
      mounts: [
        { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid'] },
        { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['mode=755'] },
        { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup' },
        { destination: '/h', type: 'bind', source: '/etc/hostname', options: ['rbind', 'rro'] },
      ],
      linux: {
        namespaces: [],
        devices: [{ type: 'c', path: '/dev/null', major: 9, minor: 9 }],
        maskedPaths: ['/proc/kcore'],
        readonlyPaths: ['/proc/sys'],
      },
    };
    const steps = lowerMounts(spec, () => [{ kind: 'cgroup-v1', target: '/x', hierarchies: [], links: [] }]);
    const kinds = steps.map(step => step.kind);
    assert.deepEqual(
      kinds.filter((kind, index) => kind !== kinds[index - 1]),
      ['filesystem', 'device', 'symlink', 'cgroup-v1', 'bind', 'readonly', 'mask'],
    );
    const nulls = steps.filter(step => step.kind === 'device' && step.path === '/dev/null');
    assert.deepEqual(
      nulls.map(step => step.kind === 'device' && step.major),
      [9],
    );
    assert.deepEqual(
      steps.find(step => step.kind === 'bind'),
      {
        kind: 'bind',
        source: '/etc/hostname',
        target: '/h',
        recursive: true,
        flags: 1,
        flagsBelow: true,
        propagation: 'rprivate',
        targetIsDirectory: false,
      },
    );
  });

  it('a bind whose source is missing names both ends', () => {
    const spec = { ...SPEC, mounts: [{ destination: '/h', type: 'bind', source: '/no/such', options: [] }] };
    assert.throws(() => lowerMounts(spec, () => []), {
      code: 'ERR_TINYD_MOUNT_INVALID',
      details: { source: '/no/such', target: '/h' },
    });
  });

  it('the overlay is described relative to the root folder', () => {
    const plan = lowerRootfs(LAYOUT, PATHS, ['l/b', 'l/a']);
    assert.equal(plan.workingDir, '/r');
    assert.match(
      plan.overlayOptions,
      /^lowerdir=l\/b:l\/a,upperdir=containers\/c{64}\/upper,workdir=containers\/c{64}\/work,/,
    );
    assert.ok(
      lowerRootfs(LAYOUT, PATHS, Array<string>(127).fill('l/0123456789ab')).overlayOptions.length < 4096,
    );
  });

  it('an overlay that one mount cannot take is refused', () => {
    assert.throws(() => lowerRootfs(LAYOUT, PATHS, Array<string>(300).fill('l/0123456789ab')), {
      code: 'ERR_TINYD_START_FAILED',
    });
  });

  it('namespaces with a path are joined', () => {
    assert.deepEqual(
      lowerNamespaces([{ type: 'mount' }, { type: 'network', path: '/proc/99999999/ns/net' }]),
      {
        unshare: ['mnt'],
        join: [{ kind: 'net', path: '/proc/99999999/ns/net' }],
      },
    );
  });

  it('limits keep every bit', () => {
    const masks = { bounding: 1n, effective: 0n, permitted: 0n, inheritable: 0n, ambient: 0n };
    const rlimits = [
      { type: 'RLIMIT_CORE', soft: 0, hard: 2 ** 64 },
      { type: 'RLIMIT_NOFILE', soft: 5, hard: 6 },
    ];
    const plan = lowerProcess({ ...SPEC.process, rlimits }, { masks, init: false, newSessionKeyring: true });
    assert.deepEqual(plan.rlimits, [
      { resource: 4, soft: 0n, hard: 2n ** 64n - 1n },
      { resource: 7, soft: 5n, hard: 6n },
    ]);
  });

  it('stdin, log and teardown follow the options', () => {
    const session = (changes: Parameters<typeof createOptions>[0]) =>
      lowerSession(
        {
          version: 1,
          id: PATHS.id,
          name: 'web',
          created: '',
          hostname: 'h',
          options: createOptions(changes),
        },
        PATHS,
        {
          cgroups: { cgroups: [], monitorCgroup: undefined, oomFile: undefined },
          network: undefined,
          releases: [],
          attached: false,
        },
      );
    assert.equal(session({}).stdin, 'closed');
    assert.equal(session({ openStdin: true }).stdin, 'open');
    assert.equal(session({ openStdin: true, stdinOnce: true }).stdin, 'once');
    assert.equal(session({ log: { driver: 'none', maxBytes: 0, maxFiles: 1 } }).log, undefined);
    assert.deepEqual(session({}).teardown, { releases: [], removeLinks: [], removeTrees: [] });
    assert.deepEqual(session({ autoRemove: true }).teardown, {
      releases: [],
      removeLinks: [`${PATHS.runDir}/names/web`],
      removeTrees: [PATHS.dir, PATHS.runDir],
    });
    assert.equal(session({ stopSignal: 'SIGQUIT' }).stopSignal, 3);
  });
});

describe('a start that failed', () => {
  const errnoOf = (name: string) => {
    for (const [number, [known]] of getSystemErrorMap()) if (known === name) return -number;
    throw new Error(name);
  };
  const report = (stage: ReportStage, errno: string, operand = 'x') =>
    startError({ stage, errno: errnoOf(errno), operand, pid: 0, warnings: [] }, 'start', 'web', 'prog');

  const table: [ReportStage, string, string][] = [
    ['exec', 'ENOENT', 'ERR_TINYD_COMMAND_NOT_FOUND'],
    ['exec', 'ENOTDIR', 'ERR_TINYD_COMMAND_NOT_FOUND'],
    ['exec', 'EACCES', 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
    ['exec', 'EISDIR', 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'],
    ['exec', 'ENOMEM', 'ERR_TINYD_START_FAILED'],
    ['port-claim', 'EADDRINUSE', 'ERR_TINYD_PORT_TAKEN'],
    ['mount', 'EINVAL', 'ERR_TINYD_MOUNT_INVALID'],
    ['cwd', 'ENOTDIR', 'ERR_TINYD_START_FAILED'],
  ];
  for (const [stage, errno, code] of table) {
    it(`${stage} with ${errno} is ${code}`, () => assert.equal(report(stage, errno).code, code));
  }

  it('a mount hints at what its errno means', () => {
    for (const [errno, hint] of [
      ['EINVAL', /a file goes on a file/],
      ['EROFS', /make it there first/],
      ['EPERM', /\/proc/],
    ] as const)
      assert.match(report('mount', errno).hint ?? '', hint);
    assert.equal(report('mount', 'ENOMEM').hint, undefined);
  });

  it('every stage names the container, the operand and the reason', () => {
    for (const stage of REPORT_STAGES) {
      if (stage === 'started') continue;
      const { message, details } = report(stage, 'EPERM', '/the/operand');
      assert.ok(message.startsWith('cannot start container web: '), message);
      assert.ok(stage === 'exec' || message.includes('/the/operand'), message);
      assert.ok(message.includes('EPERM'), message);
      assert.equal(details.stage, stage);
    }
  });
});

describe('attach client', () => {
  const options = {
    stdin: true,
    stdout: true,
    stderr: false,
    tty: true,
    detachKeys: [16, 17],
    signalProxy: true,
  };

  it('is told the streams, the keys and what else it needs', () => {
    assert.deepEqual(attachArguments({ options, redraw: true }), [
      '--stdin',
      '--stdout',
      '--tty',
      '--redraw',
      '--sig-proxy',
      '--detach-keys',
      '1011',
    ]);
  });

  it('no keys: nothing detaches', () => {
    const quiet = { ...options, stdin: false, tty: false, signalProxy: false, detachKeys: [] };
    assert.deepEqual(attachArguments({ options: quiet, redraw: false }), ['--stdout']);
  });
});
