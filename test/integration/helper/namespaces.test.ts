import assert from 'node:assert/strict';
import { existsSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupPlan } from '../../../packages/runtime/dist/plan/session';
import { Box } from './box';

/** eBPF that lets every device through but reading and writing 1:5, which is /dev/zero (linux/bpf.h, cgroup device). */
const NO_ZERO = Uint8Array.from(
  [
    [0x61, 0x13, 0, 0, 0, 0, 0, 0], // r3 = access type
    [0x77, 0x03, 0, 0, 16, 0, 0, 0], // r3 >>= 16: what is wanted of it
    [0x61, 0x12, 8, 0, 0, 0, 0, 0], // r2 = minor
    [0xb7, 0x00, 0, 0, 1, 0, 0, 0], // r0 = 1
    [0x15, 0x03, 2, 0, 1, 0, 0, 0], // mknod: allowed
    [0x55, 0x02, 1, 0, 5, 0, 0, 0], // another minor: allowed
    [0xb7, 0x00, 0, 0, 0, 0, 0, 0], // r0 = 0
    [0x95, 0x00, 0, 0, 0, 0, 0, 0], // return r0
  ].flat(),
);

const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find(path =>
  existsSync(join(path, 'cgroup.procs')),
);

describe('helper: namespaces and cgroups', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  it('joins the network of another container', async () => {
    const other = new Box();
    try {
      const { pid } = other.launch(other.plan(['sleep', '1000']));
      const { target, session } = box.plan(['true']);
      assert.ok(target.kind === 'container' && session.network);
      const { stdout } = await box.run(['readlink', '/proc/self/ns/net'], {
        session: { network: { ...session.network, containerBatch: new Uint8Array() } },
        container: {
          unshare: target.unshare.filter(kind => kind !== 'net'),
          join: [{ kind: 'net', path: `/proc/${pid}/ns/net` }],
        },
      });
      assert.equal(stdout.trim(), readlinkSync(`/proc/${pid}/ns/net`));
      process.kill(pid, 'SIGKILL');
    } finally {
      await other.remove();
    }
  });

  it('joins nothing that is no namespace, and no mount namespace', () => {
    for (const [kind, path] of [
      ['net', join(box.lower, 'etc')],
      ['mnt', '/proc/self/ns/mnt'],
      ['net', '/no/such/file'],
    ] as const) {
      const { stage, operand } = box.launch(box.plan(['true'], { container: { join: [{ kind, path }] } }));
      assert.deepEqual({ stage, operand }, { stage: 'join', operand: path });
    }
  });

  it('has the loopback interface up and nothing else', async () => {
    const { stdout } = await box.run(['ip', '-o', 'addr']);
    assert.match(stdout, /lo {4}inet 127\.0\.0\.1\/8/);
    assert.doesNotMatch(stdout, /eth0/);
  });

  it('writes sysctls of its own network', async () => {
    const { session } = box.plan(['true']);
    assert.ok(session.network);
    const network = {
      ...session.network,
      sysctls: [{ path: 'net/ipv4/ip_unprivileged_port_start', value: '7' }],
    };
    const { stdout } = await box.run(['cat', '/proc/sys/net/ipv4/ip_unprivileged_port_start'], {
      session: { network },
    });
    assert.equal(stdout, '7\n');
  });

  it('writes no sysctl through a climbing path', () => {
    const { session } = box.plan(['true']);
    assert.ok(session.network);
    const network = {
      ...session.network,
      sysctls: [
        { path: '../sysrq-trigger', value: 'h' },
        { path: '../../etc/x', value: '' },
      ],
    };
    assert.equal(
      box.launch(
        box.plan(['true'], { session: { network: { ...network, sysctls: network.sysctls.slice(1) } } }),
      ).stage,
      'sysctl',
    );
  });

  it('sees its own cgroups as the root of each hierarchy', async () => {
    const { stdout } = await box.run(['cat', '/proc/self/cgroup'], {
      session: { cgroups: [box.cgroup('pids'), box.cgroup('cpu')] },
    });
    assert.match(stdout, /:pids:\/\n/);
    assert.match(stdout, /:cpu:\/\n/);
  });

  it('shows the container’s own v1 cgroups, read-only', async () => {
    const pids = box.cgroup('pids');
    const { stdout, stderr } = await box.run(
      [
        'sh',
        '-c',
        'cat /sys/fs/cgroup/pids/cgroup.procs; readlink /sys/fs/cgroup/p; mkdir /sys/fs/cgroup/pids/x',
      ],
      {
        session: { cgroups: [pids] },
        mounts: [
          {
            kind: 'cgroup-v1',
            target: '/sys/fs/cgroup',
            hierarchies: [{ name: 'pids', source: pids.path }],
            links: [{ name: 'p', target: 'pids' }],
          },
        ],
      },
    );
    assert.match(stdout, /^1\n\d+\npids\n$/);
    assert.match(stderr, /Read-only file system/);
  });

  it('begins in a unified cgroup, under its device program', async function () {
    if (UNIFIED === undefined) this.skip();
    const cgroup: CgroupPlan = {
      path: `${UNIFIED}/tinyd/${box.id}`,
      writes: [],
      deviceProgram: NO_ZERO,
      enter: true,
      unified: true,
    };
    const script = 'head -c 1 /dev/zero; head -c 0 /dev/null && echo null; tail -n 1 /proc/self/cgroup';
    const { stdout, stderr } = await box.run(['sh', '-c', script], { session: { cgroups: [cgroup] } });
    assert.match(stderr, /\/dev\/zero: Operation not permitted/);
    assert.equal(stdout, 'null\n0::/\n');
    assert.ok(!existsSync(cgroup.path));
  });

  it('refuses a damaged plan', () => {
    const report = box.launch(box.plan(['true'], { container: { unshare: ['pid'] } }));
    assert.deepEqual([report.stage, report.operand], ['plan', 'namespaces']);
  });
});
