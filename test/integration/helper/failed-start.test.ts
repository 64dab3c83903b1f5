import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { HelperReport } from '../../../packages/runtime/dist/plan/report';
import { Box, type PlanChanges } from './box';

const ENOENT = 2;
const ENOEXEC = 8;
const EACCES = 13;
const ENOTDIR = 20;
const EISDIR = 21;
const EADDRINUSE = 98;

describe('helper: a start that fails', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(async () => {
    await box.settled();
    assert.deepEqual(readdirSync(box.runDir), ['monitor.lock']);
    assert.ok(!existsSync(join(box.stateDir, 'state.json')), 'no state was written');
    await box.remove();
  });

  function fails(
    argv: readonly string[],
    changes: PlanChanges = {},
  ): Pick<HelperReport, 'stage' | 'errno' | 'operand'> {
    const { stage, errno, operand } = box.launch(box.plan(argv, changes));
    return { stage, errno, operand };
  }

  it('names a command that is nowhere in PATH', () => {
    assert.deepEqual(fails(['gone']), { stage: 'exec', errno: ENOENT, operand: 'gone' });
    assert.deepEqual(fails(['sh'], { process: { env: [] } }), {
      stage: 'exec',
      errno: ENOENT,
      operand: 'sh',
    });
  });

  it('tells what is there but cannot be executed from what is not there', () => {
    writeFileSync(join(box.lower, 'bin', 'plain'), 'text');
    writeFileSync(join(box.lower, 'bin', 'garbage'), 'text');
    writeFileSync(join(box.lower, 'bin', 'script'), '#!/no/such/interpreter\n');
    chmodSync(join(box.lower, 'bin', 'garbage'), 0o755);
    chmodSync(join(box.lower, 'bin', 'script'), 0o755);
    assert.deepEqual(fails(['/bin/plain']), { stage: 'exec', errno: EACCES, operand: '/bin/plain' });
    assert.deepEqual(fails(['/etc']), { stage: 'exec', errno: EISDIR, operand: '/etc' });
    assert.deepEqual(fails(['/bin/garbage']), { stage: 'exec', errno: ENOEXEC, operand: '/bin/garbage' });
    assert.deepEqual(fails(['/bin/script']), { stage: 'exec', errno: ENOENT, operand: '/bin/script' });
    assert.deepEqual(fails(['plain']), { stage: 'exec', errno: ENOENT, operand: 'plain' });
  });

  it('names a working directory that is a file', () => {
    const report = fails(['true'], { process: { cwd: '/bin/busybox' } });
    assert.deepEqual(report, { stage: 'cwd', errno: ENOTDIR, operand: '/bin/busybox' });
  });

  it('names the source of a bind that does not exist', () => {
    const source = join(box.base, 'absent');
    const mounts = [
      {
        kind: 'bind' as const,
        source,
        target: '/x',
        recursive: true,
        flags: 0,
        flagsBelow: false,
        propagation: 'rprivate' as const,
        targetIsDirectory: true,
      },
    ];
    assert.deepEqual(fails(['true'], { mounts }), { stage: 'mount', errno: ENOENT, operand: source });
  });

  it('names the cgroup file that refuses a value, and removes the cgroups again', () => {
    const memory = box.cgroup('memory', [{ file: 'memory.limit_in_bytes', value: 'much', optional: false }]);
    const report = fails(['true'], { session: { cgroups: [box.cgroup('pids'), memory] } });
    assert.equal(report.stage, 'cgroup');
    assert.equal(report.operand, `${memory.path}/memory.limit_in_bytes`);
    assert.ok(!existsSync(memory.path));
    assert.ok(!existsSync(box.cgroup('pids').path));
  });

  it('names a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const network = {
      hostBatch: new Uint8Array(),
      containerBatch: new Uint8Array(),
      portBatch: new Uint8Array(),
      portTeardownBatch: new Uint8Array(),
      hostTeardownBatch: new Uint8Array(),
      claims: [{ protocol: 'tcp' as const, address: '0.0.0.0', port }],
      sysctls: [],
    };
    const report = fails(['true'], { session: { network } });
    assert.deepEqual(report, { stage: 'port-claim', errno: EADDRINUSE, operand: `tcp 0.0.0.0:${port}` });
    server.close();
  });

  it('gives the address back', () => {
    const file = join(box.base, 'bitmap');
    writeFileSync(file, '0101');
    fails(['gone'], {
      session: { teardown: { releases: [{ file, offset: 1 }], removeLinks: [], removeTrees: [box.lower] } },
    });
    assert.equal(readFileSync(file, 'utf8'), '0001');
    assert.ok(existsSync(box.lower), 'only a container that ran is removed');
  });

  it('names a sysctl that does not exist', () => {
    const { session } = box.plan(['true']);
    assert.ok(session.network);
    const network = { ...session.network, sysctls: [{ path: 'net/ipv4/nothing', value: '1' }] };
    const report = fails(['true'], { session: { network } });
    assert.deepEqual(report, { stage: 'sysctl', errno: ENOENT, operand: 'net/ipv4/nothing' });
  });

  it('leaves the overlay that cannot be mounted unmounted', () => {
    const { target } = box.plan(['true']);
    assert.ok(target.kind === 'container');
    const rootfs = {
      ...target.rootfs,
      overlayOptions: 'lowerdir=l/absent,upperdir=container/upper,workdir=container/work',
    };
    const report = fails(['true'], { container: { rootfs } });
    assert.deepEqual(report, { stage: 'rootfs', errno: ENOENT, operand: rootfs.target });
  });

  it('refuses a second monitor for the same folder', async () => {
    const other = new Box();
    try {
      mkdirSync(other.runDir, { recursive: true });
      assert.equal(other.launch(other.plan(['sleep', '100'])).stage, 'started');
      const report = box.launch(box.plan(['true'], { session: { runDir: other.runDir } }));
      assert.equal(report.stage, 'lock');
      process.kill(other.state().pid as number, 'SIGKILL');
    } finally {
      await other.remove();
    }
  }).timeout(5000);
});
