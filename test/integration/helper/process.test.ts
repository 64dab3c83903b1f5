import assert from 'node:assert/strict';
import { Box, type PlanChanges } from './box';

const KILL_ONLY = { bounding: 32n, effective: 32n, permitted: 32n, inheritable: 0n, ambient: 0n };

/** One line of /proc/PID/status as a number of base 16 or a list of words. */
function field(status: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? '';
}

/** struct sock_filter, one after the other. */
function bpf(
  ...instructions: readonly (readonly [code: number, jt: number, jf: number, k: number])[]
): Uint8Array {
  const bytes = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([code, jt, jf, k], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jt, index * 8 + 2);
    bytes.writeUInt8(jf, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  });
  return bytes;
}

/** Refuses mkdir(2) with EPERM on x86-64, allows all else. */
const NO_MKDIR = bpf([0x20, 0, 0, 0], [0x15, 0, 1, 83], [0x06, 0, 0, 0x00050001], [0x06, 0, 0, 0x7fff0000]);

describe('helper: the process', () => {
  let box: Box;
  beforeEach(() => {
    box = new Box();
  });
  afterEach(() => box.remove());

  async function shell(script: string, changes: PlanChanges = {}): Promise<string> {
    const { code, stdout, stderr } = await box.run(['sh', '-c', script], changes);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  it('has exactly the capabilities of the plan, and none inheritable or ambient', async () => {
    const status = await shell('cat /proc/self/status', { process: { capabilities: KILL_ONLY } });
    for (const set of ['CapBnd', 'CapPrm', 'CapEff'])
      assert.equal(BigInt(`0x${field(status, set)}`), 32n, set);
    for (const set of ['CapInh', 'CapAmb']) assert.equal(BigInt(`0x${field(status, set)}`), 0n, set);
  });

  it('runs as the user and groups of the plan, without capabilities of its own', async () => {
    const status = await shell('cat /proc/self/status', {
      process: { uid: 1000, gid: 1001, additionalGids: [1001, 2000] },
    });
    assert.equal(field(status, 'Uid'), '1000\t1000\t1000\t1000');
    assert.equal(field(status, 'Gid'), '1001\t1001\t1001\t1001');
    assert.equal(field(status, 'Groups'), '1001 2000');
    assert.equal(BigInt(`0x${field(status, 'CapPrm')}`), 0n);
    assert.equal(BigInt(`0x${field(status, 'CapEff')}`), 0n);
  });

  it('has no supplementary group when the plan lists none', async () => {
    assert.equal(field(await shell('cat /proc/self/status'), 'Groups'), '');
  });

  it('lets its user open its stdout anew', async () => {
    assert.equal(await shell('echo direct > /dev/stdout', { process: { uid: 1000, gid: 1000 } }), 'direct\n');
  });

  it('has descriptors 0, 1 and 2 only, and default signals', async () => {
    assert.equal(await shell('ls /proc/1/fd; true'), '0\n1\n2\n');
    const { stdout: out } = await box.run(['cat', '/proc/self/status']);
    for (const set of ['SigBlk', 'SigIgn']) assert.equal(BigInt(`0x${field(out, set)}`), 0n, set);
  });

  it('makes a missing working directory, also behind a link, inside the container', async () => {
    assert.equal(await shell('pwd', { process: { cwd: '/a/b/c' } }), '/a/b/c\n');
  });

  it('applies umask and environment', async () => {
    const out = await shell('umask; echo $X; env | wc -l', {
      process: { umask: 0o077, env: ['PATH=/bin', 'X=é'] },
    });
    assert.match(out, /^0077\né\n/);
  });

  it('sets limits, and lowers what the host forbids to raise, with a warning', async () => {
    const plan = box.plan(['sh', '-c', 'ulimit -n; ulimit -Hn; ulimit -c'], {
      process: {
        rlimits: [
          { resource: 7, soft: 1n << 40n, hard: 1n << 40n },
          { resource: 4, soft: 0n, hard: 0n },
        ],
      },
    });
    const report = box.launch(plan);
    assert.equal(report.stage, 'started');
    assert.equal(report.warnings.length, 1);
    assert.match(report.warnings[0] ?? '', /^ulimit nofile: the host allows no more than \d+$/);
  });

  for (const noNewPrivileges of [false, true]) {
    it(`loads the seccomp filter ${noNewPrivileges ? 'with' : 'without'} no_new_privs`, async () => {
      const out = await shell('mkdir /x 2>&1 || echo refused; cat /proc/self/status', {
        process: {
          noNewPrivileges,
          seccomp: { filter: NO_MKDIR, flags: 0 },
          capabilities: KILL_ONLY,
          uid: 1000,
          gid: 1000,
        },
      });
      assert.match(out, /Operation not permitted\nrefused\n/);
      assert.equal(field(out, 'Seccomp'), '2');
      assert.equal(field(out, 'NoNewPrivs'), noNewPrivileges ? '1' : '0');
    });
  }

  it('has a session keyring of its own', async () => {
    assert.match(await shell('cat /proc/keys'), new RegExp(`_ses\\.${box.id}`));
  });

  it('sets oom_score_adj upwards, and fails clearly where the host forbids to lower it', async () => {
    assert.equal(await shell('cat /proc/self/oom_score_adj', { process: { oomScoreAdj: 500 } }), '500\n');
  });

  it('with init: PID 1 reaps orphans, forwards signals and ends with the status of the program', async () => {
    const script = 'trap "echo got; exit 5" TERM; (sleep 0.1 &) ; echo pid $$; while :; do sleep 0.02; done';
    const { client } = box.start(['sh', '-c', script], { process: { init: true } });
    await client.expect(/pid 2/);
    client.send({ type: 'signal', signal: 15 });
    assert.equal((await client.exited).code, 5);
  });

  it('with init: shows a program killed by a signal as 128 + n', async () => {
    const { code } = await box.run(['sh', '-c', 'kill -9 $$'], { process: { init: true } });
    assert.equal(code, 137);
  });

  it('with init: a command that does not exist still fails the start', () => {
    const report = box.launch(box.plan(['nothing-of-this-name'], { process: { init: true } }));
    assert.deepEqual([report.stage, report.errno, report.operand], ['exec', 2, 'nothing-of-this-name']);
  });
});
