import { strict as assert } from 'node:assert';
import type { CreateOptions } from '@tinyd/runtime';
import { containerLayout, runtimeLayout } from '../../../packages/runtime/dist/layout';
import type { Accounts } from '../../../packages/runtime/dist/rootfs/account-files';
import { generateSpec } from '../../../packages/runtime/dist/spec/generate';
import type { Spec } from '../../../packages/runtime/dist/spec-types';
import { validateSpec } from '../../../packages/runtime/dist/validate-spec';
import { createOptions, withImage } from './create-options';

const ID = 'ab'.repeat(32);
const PATHS = containerLayout(runtimeLayout({ root: '/root-dir', state: '/state-dir' }), ID);
const ACCOUNTS: Accounts = {
  users: [
    { name: 'root', uid: 0, gid: 0, home: '/root' },
    { name: 'app', uid: 1000, gid: 1000, home: '/home/app' },
  ],
  groups: [],
};

function specOf(changes: Partial<CreateOptions> | CreateOptions): Spec {
  const options = createOptions(changes);
  const record = {
    version: 1 as const,
    id: ID,
    name: 'n',
    created: '2026-01-01T00:00:00Z',
    hostname: 'h',
    options,
  };
  const { resolvConf, hostname, hosts } = PATHS;
  const joined = options.network.mode === 'container' ? { joined: { network: '/proc/7/ns/net' } } : {};
  return generateSpec(record, {
    paths: PATHS,
    accounts: ACCOUNTS,
    etc: { resolvConf, hostname, hosts },
    ...joined,
  }).spec;
}

const mountAt = (spec: Spec, destination: string) =>
  spec.mounts.find(mount => mount.destination === destination);

describe('runtime specification', () => {
  const table: [title: string, changes: Partial<CreateOptions>, check: (spec: Spec) => void][] = [
    [
      'nothing but defaults',
      {},
      spec => {
        assert.deepEqual(spec.process.args, ['sh']);
        assert.deepEqual(spec.process.user, { uid: 0, gid: 0, umask: 0o022, additionalGids: [0] });
        assert.equal(spec.process.cwd, '/');
        assert.equal(spec.process.noNewPrivileges, false);
        assert.equal(spec.root.readonly, false);
        assert.equal(spec.process.capabilities?.bounding?.length, 14);
        assert.deepEqual(spec.process.capabilities?.inheritable, []);
        assert.deepEqual(spec.linux.namespaces.map(namespace => namespace.type).toSorted(), [
          'cgroup',
          'ipc',
          'mount',
          'network',
          'pid',
          'uts',
        ]);
        assert.ok(spec.linux.maskedPaths?.includes('/proc/kcore'));
        assert.ok(spec.linux.readonlyPaths?.includes('/proc/sys'));
        assert.deepEqual(
          spec.mounts.map(mount => mount.destination),
          [
            '/proc',
            '/dev',
            '/dev/pts',
            '/sys',
            '/sys/fs/cgroup',
            '/dev/mqueue',
            '/dev/shm',
            '/etc/resolv.conf',
            '/etc/hostname',
            '/etc/hosts',
          ],
        );
        assert.deepEqual(spec.linux.sysctl, {
          'net.ipv4.ping_group_range': '0 2147483647',
          'net.ipv4.ip_unprivileged_port_start': '0',
        });
      },
    ],
    [
      '--user of the image',
      { user: 'app', workingDir: 'rel/../work/' },
      spec => {
        assert.equal(spec.process.user.uid, 1000);
        assert.ok(spec.process.env.includes('HOME=/home/app'));
        assert.deepEqual(spec.process.capabilities?.effective, []);
        assert.deepEqual(spec.process.capabilities?.permitted, []);
        assert.equal(spec.process.capabilities?.bounding?.length, 14);
        assert.equal(spec.process.cwd, '/work');
      },
    ],
    [
      '--privileged',
      { privileged: true },
      spec => {
        assert.deepEqual(spec.linux.maskedPaths, []);
        assert.deepEqual(spec.linux.readonlyPaths, []);
        assert.ok(spec.process.capabilities?.bounding?.includes('CAP_SYS_ADMIN'));
        assert.ok(mountAt(spec, '/sys')?.options?.includes('rw'));
        assert.deepEqual(spec.linux.resources?.devices, [{ allow: true, access: 'rwm' }]);
      },
    ],
    [
      'systempaths=unconfined',
      { systemPathsUnconfined: true },
      spec => {
        assert.deepEqual(spec.linux.maskedPaths, []);
        assert.ok(mountAt(spec, '/sys')?.options?.includes('ro'));
      },
    ],
    [
      '--read-only',
      { readOnlyRoot: true },
      spec => {
        assert.equal(spec.root.readonly, true);
        assert.ok(mountAt(spec, '/etc/hosts')?.options?.includes('ro'));
      },
    ],
    [
      '--tty',
      { tty: true },
      spec => {
        assert.equal(spec.process.terminal, true);
        assert.ok(spec.process.env.includes('TERM=xterm'));
      },
    ],
    [
      '--network host',
      { network: { mode: 'host' } },
      spec => {
        assert.ok(!spec.linux.namespaces.some(namespace => namespace.type === 'network'));
        assert.equal(spec.linux.sysctl, undefined);
      },
    ],
    [
      '--network container',
      { network: { mode: 'container', container: ID } },
      spec => {
        assert.equal(spec.linux.namespaces.find(({ type }) => type === 'network')?.path, '/proc/7/ns/net');
      },
    ],
    [
      '--shm-size',
      { shmBytes: 1024 },
      spec => {
        assert.ok(mountAt(spec, '/dev/shm')?.options?.includes('size=1024'));
      },
    ],
    [
      '--cap-add and --cap-drop',
      { capAdd: ['net_admin'], capDrop: ['CAP_CHOWN'] },
      spec => {
        assert.ok(spec.process.capabilities?.bounding?.includes('CAP_NET_ADMIN'));
        assert.ok(!spec.process.capabilities?.bounding?.includes('CAP_CHOWN'));
      },
    ],
    [
      '--ulimit',
      {
        ulimits: [
          { name: 'nofile', soft: 10, hard: 20 },
          { name: 'core', soft: -1, hard: -1 },
        ],
      },
      spec => {
        assert.deepEqual(spec.process.rlimits, [
          { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
          { type: 'RLIMIT_CORE', soft: 2 ** 64, hard: 2 ** 64 },
        ]);
      },
    ],
    [
      'a shared bind',
      { binds: [bind('/a', '/b', { propagation: 'rshared', readOnly: true })] },
      spec => {
        assert.equal(spec.linux.rootfsPropagation, 'shared');
        assert.deepEqual(mountAt(spec, '/b'), {
          destination: '/b',
          type: 'bind',
          source: '/a',
          options: ['rbind', 'rshared', 'rro'],
        });
      },
    ],
    [
      'mounts over the default ones',
      { binds: [bind('/a', '/dev/shm'), bind('/x', '/etc/hosts')] },
      spec => {
        assert.equal(spec.mounts.filter(mount => mount.destination === '/dev/shm').length, 1);
        assert.equal(mountAt(spec, '/etc/hosts')?.source, '/x');
      },
    ],
    [
      'shallow mounts come first',
      { binds: [bind('/1', '/a/b/c'), bind('/2', '/a')] },
      spec => {
        const order = spec.mounts.map(mount => mount.destination);
        assert.ok(order.indexOf('/a') < order.indexOf('/a/b/c'));
      },
    ],
    [
      'limits',
      { limits: { memoryBytes: 64 << 20, nanoCpus: 5e8, pidsLimit: 100, cpusetCpus: '0' } },
      spec => {
        const { memory, cpu, pids } = spec.linux.resources ?? {};
        assert.deepEqual(
          [memory, cpu, pids],
          [{ limit: 64 << 20 }, { period: 100000, quota: 50000, cpus: '0' }, { limit: 100 }],
        );
      },
    ],
    [
      '--device',
      { devices: [{ source: '/dev/null', target: '/dev/nothing', permissions: 'rw' }] },
      spec => {
        assert.deepEqual(
          spec.linux.devices?.map(({ path, major, minor }) => [path, major, minor]),
          [['/dev/nothing', 1, 3]],
        );
        assert.deepEqual(spec.linux.resources?.devices?.at(-1), {
          allow: true,
          type: 'c',
          major: 1,
          minor: 3,
          access: 'rw',
        });
      },
    ],
  ];
  for (const [title, changes, check] of table) {
    it(`${title}: as docker has it, and valid`, () => {
      const spec = specOf(changes);
      check(spec);
      assert.deepEqual(validateSpec(JSON.parse(JSON.stringify(spec))), []);
    });
  }

  it('takes user, folder and entrypoint from the image', () => {
    const spec = specOf(
      withImage({ User: 'app', WorkingDir: '/srv', Entrypoint: ['/e'], Cmd: ['c'], Env: ['A=1'] }),
    );
    assert.deepEqual(
      [spec.process.user.uid, spec.process.cwd, spec.process.args],
      [1000, '/srv', ['/e', 'c']],
    );
    assert.ok(spec.process.env.includes('A=1'));
  });

  const refused: [title: string, changes: Partial<CreateOptions>, code: string][] = [
    ['a relative source', { binds: [bind('data', '/x')] }, 'ERR_TINYD_MOUNT_INVALID'],
    ['a relative target', { binds: [bind('/a', 'x')] }, 'ERR_TINYD_MOUNT_INVALID'],
    ['a mount over the root', { binds: [bind('/a', '/b/..')] }, 'ERR_TINYD_MOUNT_INVALID'],
    ['CVE-2019-16884: a volume over /proc', { binds: [bind('/a', '/proc/')] }, 'ERR_TINYD_MOUNT_INVALID'],
    ['two mounts at one place', { binds: [bind('/a', '/x'), bind('/b', '/x/')] }, 'ERR_TINYD_MOUNT_INVALID'],
    [
      'CVE-2024-1753: a tmpfs option off the list',
      { tmpfs: [{ target: '/x', options: ['rshared'] }] },
      'ERR_TINYD_MOUNT_INVALID',
    ],
    ['an unknown ulimit', { ulimits: [{ name: 'x', soft: 1, hard: 1 }] }, 'ERR_TINYD_LIMIT_INVALID'],
    [
      'a soft limit above the hard one',
      { ulimits: [{ name: 'nofile', soft: 2, hard: 1 }] },
      'ERR_TINYD_LIMIT_INVALID',
    ],
    [
      'CVE-2022-0811: a sysctl of the host',
      { sysctls: { 'kernel.core_pattern': '|/x' } },
      'ERR_TINYD_OPTION_INVALID',
    ],
    [
      'CVE-2022-0811: a sysctl joined by +',
      { sysctls: { 'net.ipv4.ip_forward+kernel.core_pattern': 'x' } },
      'ERR_TINYD_OPTION_INVALID',
    ],
    [
      'a sysctl with a line break',
      { sysctls: { 'net.ipv4.ip_forward': '1\n2' } },
      'ERR_TINYD_OPTION_INVALID',
    ],
    [
      'a net sysctl on the host network',
      { network: { mode: 'host' }, sysctls: { 'net.ipv4.ip_forward': '1' } },
      'ERR_TINYD_OPTION_INVALID',
    ],
    [
      'a device that is none',
      { devices: [{ source: '/etc/passwd', target: '/x', permissions: 'rwm' }] },
      'ERR_TINYD_OPTION_INVALID',
    ],
    [
      'device permissions that are none',
      { devices: [{ source: '/dev/null', target: '/x', permissions: 'rr' }] },
      'ERR_TINYD_OPTION_INVALID',
    ],
    ['an argument with NUL', { command: ['a\0'] }, 'ERR_TINYD_OPTION_INVALID'],
  ];
  for (const [title, changes, code] of refused) {
    it(`refuses ${title}`, () => assert.throws(() => specOf(changes), { code }));
  }
});

function bind(source: string, target: string, changes: Partial<CreateOptions['binds'][number]> = {}) {
  return {
    source,
    target,
    readOnly: false,
    propagation: 'rprivate' as const,
    createSource: true,
    ...changes,
  };
}
