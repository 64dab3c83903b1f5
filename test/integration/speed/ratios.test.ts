import { ok } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Meter } from '../../../bench/dist/measure/meter';
import { REPOSITORY, Tinyd } from '../../support/tinyd';

/** Rounds that are always measured, and how many more a machine gets that was busy during those. */
const ROUNDS = 5;
const MOST_ROUNDS = 40;
/** By how much a ratio may exceed the recorded one. */
const TOLERANCE = 1.25;

/** Ratios of processor time as they were recorded; see bench/README.md. */
const RECORDED = JSON.parse(readFileSync(join(REPOSITORY, 'bench', 'ratios.json'), 'utf8')) as Record<
  string,
  number
>;

/** What node itself needs for the bytes of a layer: inflated, and hashed before and after. */
const CONTROL = `const bytes = require('fs').readFileSync(process.argv[1]);
  const hash = data => require('crypto').createHash('sha256').update(data).digest();
  hash(bytes); hash(require('zlib').gunzipSync(bytes));`;

/**
 * The smoke benchmark: it fails when start-up, run or pull falls behind what was recorded, as a ratio of processor times of this
 * machine, so that neither its speed nor its load matters. The best of several interleaved rounds counts on both sides.
 */
describe('speed, against the recorded ratios', function () {
  this.timeout(180_000);
  this.slow(60_000);
  const scratch = mkdtempSync('/dev/shm/tinyd-speed-');
  const tinyd = new Tinyd();
  const meter = new Meter(scratch);
  const blob = join(scratch, 'layer.tar.gz');
  let registry: ChildProcess;
  let host = '';
  let pulls = 0;

  before(async () => {
    registry = spawn(process.execPath, [join(__dirname, '../../support/speed-registry.js'), blob], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(registry.stdout ?? registry, 'data');
    host = String(line).trim();
    await tinyd.ok('pull', '-q', `${host}/library/busybox`);
  });

  after(async () => {
    registry.kill('SIGKILL');
    await tinyd.dispose();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** Without what tinyd takes from the environment before it starts node: it would cost its control twice as much as all the rest. */
  const environment = () => {
    const { NODE_EXTRA_CA_CERTS: _, ...env } = tinyd.env;
    return env;
  };
  /** Seconds of processor time, what detached processes took included. */
  const cost = (argv: readonly string[], settle = 0) => meter.run({ argv, env: environment(), settle }).cpu;
  const command = (...words: string[]) => [join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd'), ...words];
  const node = () => cost([process.execPath, '-e', '0']);

  function compare(name: string, job: () => number, control: () => number): void {
    const recorded = RECORDED[name] ?? 0;
    let [best, base, ratio] = [Infinity, Infinity, Infinity];
    job();
    for (let round = 0; round < ROUNDS || (ratio > recorded * TOLERANCE && round < MOST_ROUNDS); round++) {
      best = Math.min(best, job());
      base = Math.min(base, control());
      ratio = best / base;
    }
    const text = `${name}: ${ratio.toFixed(2)} of its control, ${recorded} recorded`;
    if (process.env.TINYD_SPEED_REPORT === '1') console.log(`      ${text}`);
    ok(ratio <= recorded * TOLERANCE, text);
  }

  it('starts', () => {
    compare('version', () => cost(command('version')), node);
  });

  it('runs a container', () => {
    const words = ['run', '--rm', '--network', 'none', `${host}/library/busybox`, 'true'];
    compare('run', () => cost(command(...words), 5), node);
  });

  it('pulls', () => {
    const pull = () => {
      const root = join(scratch, `root-${pulls++}`);
      const used = cost(command('--root', root, 'pull', '-q', `${host}/library/large`));
      rmSync(root, { recursive: true });
      return used;
    };
    compare('pull', pull, () => cost([process.execPath, '-e', CONTROL, blob]));
  });

  it('lists 500 containers nearly as fast as one', async () => {
    const one = await tinyd.ok('create', '--name', 'one', `${host}/library/busybox`, 'true');
    const list = () => cost(command('ps'));
    const single = Math.min(...Array.from({ length: ROUNDS }, list));
    multiply(one, 500);
    try {
      compare('ps', list, () => single);
    } finally {
      removeCopies(one);
    }
  });

  /** Copies of a container under other IDs and names. */
  function multiply(id: string, count: number): void {
    const containers = join(tinyd.root, 'containers');
    for (let index = 1; index < count; index++) {
      const copy = index.toString(16).padStart(64, 'c');
      const folder = join(containers, copy);
      cpSync(join(containers, id), folder, { recursive: true });
      for (const file of readdirSync(folder).filter(each => each.endsWith('.json'))) {
        const text = readFileSync(join(folder, file), 'utf8').replaceAll(id, copy);
        writeFileSync(join(folder, file), text.replace('"name": "one"', `"name": "c${index}"`));
      }
      symlinkSync(`../containers/${copy}`, join(tinyd.root, 'names', `c${index}`));
    }
  }

  function removeCopies(id: string): void {
    const containers = join(tinyd.root, 'containers');
    for (const other of readdirSync(containers).filter(each => each !== id))
      rmSync(join(containers, other), { recursive: true });
    const names = join(tinyd.root, 'names');
    for (const name of readdirSync(names).filter(each => /^c\d+$/.test(each))) rmSync(join(names, name));
  }
});
