import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Engine, findEngines } from './engines';
import { type Cost, timeCommand } from './process-time';
import { ratioOf, summarise } from './statistics';
import { markdownTable, type Row } from './table';

const REPOSITORY = resolve(__dirname, '../..');
const TMPFS_MAGIC = 0x01021994;

interface Job {
  readonly name: string;
  readonly rounds: number;
  /** The command to time, or undefined where this engine has no such job. */
  command(engine: Engine, round: number): readonly string[] | undefined;
  prepare?(engine: Engine, round: number): readonly (readonly string[])[];
}

function quietly(argv: readonly string[], env: NodeJS.ProcessEnv): void {
  const [command = '', ...args] = argv;
  spawnSync(command, args, { env, stdio: 'ignore' });
}

/** Runs a job for every engine, rounds interleaved and each round in an order of its own, the first round unmeasured. */
function measure(job: Job, engines: readonly Engine[]): Map<string, Cost[]> {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round <= job.rounds; round++) {
    const order = [...engines].sort(() => Math.random() - 0.5);
    for (const engine of order) {
      const argv = job.command(engine, round);
      if (argv === undefined) continue;
      for (const each of job.prepare?.(engine, round) ?? []) quietly(each, engine.env);
      const cost = timeCommand(argv, engine.env, engine.daemons);
      if (round > 0) costs.set(engine.name, [...(costs.get(engine.name) ?? []), cost]);
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${job.name}: round ${round} of ${job.rounds} `);
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(70)}\r`);
  return costs;
}

function rowsOf(job: Job, costs: ReadonlyMap<string, readonly Cost[]>): Row[] {
  const own = costs.get('tinyd')?.map(cost => cost.wall) ?? [];
  return [...costs]
    .sort(([a], [b]) => Number(b === 'tinyd') - Number(a === 'tinyd'))
    .map(([engine, sample]) => {
      const wall = sample.map(cost => cost.wall);
      const row = {
        job: job.name,
        engine,
        wall: summarise(wall),
        cpu: summarise(sample.map(cost => cost.cpu)),
      };
      return engine === 'tinyd' ? row : { ...row, ratio: ratioOf(own, wall) };
    });
}

function jobs(registry: string, rounds: number): Job[] {
  const small = `${registry}/library/busybox:latest`;
  const pull = (image: string, count: number): Job => ({
    name: `pull ${image}`,
    rounds: count,
    command: (engine, round) => engine.pull(`${registry}/library/${image}`, round),
    // Both, since they share their base: an engine that keeps one would not fetch that layer of the other.
    prepare: (engine, round) =>
      ['nginx:single', 'big:latest'].flatMap(each => engine.forget(`${registry}/library/${each}`, round)),
  });
  const run = (network: 'bridge' | 'none'): Job => ({
    name: `run --rm --network ${network} busybox true`,
    rounds,
    command: engine => engine.run(small, network, ['true']),
  });
  const query = (what: 'version' | 'ps' | 'images'): Job => ({
    name: what,
    rounds,
    command: engine => engine.query(what),
  });
  return [
    query('version'),
    query('ps'),
    query('images'),
    run('none'),
    run('bridge'),
    pull('nginx:single', Math.ceil(rounds / 3)),
    pull('big:latest', Math.ceil(rounds / 5)),
  ];
}

function environment(engines: readonly Engine[], scratch: string): string[] {
  const model = cpus()[0]?.model ?? 'unknown processor';
  const fileSystem = statfsSync(scratch).type === TMPFS_MAGIC ? 'tmpfs' : 'a disk';
  const load = readFileSync('/proc/loadavg', 'utf8').split(' ')[0];
  return [
    `${cpus().length} x ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.versions.node}, load ${load} at the start`,
    `tinyd's and podman's stores on ${fileSystem}; plain HTTP registry on loopback; the same bytes for all`,
    engines.map(engine => `${engine.name} ${engine.version}`).join(', '),
  ];
}

/** Engines that have the small image already need no network for the run jobs. */
function prepareRun(registry: string, engines: readonly Engine[]): void {
  for (const engine of engines) {
    const [command, ...args] = engine.pull(`${registry}/library/busybox:latest`, -1) ?? [];
    if (command === undefined) continue;
    const result = spawnSync(command, args, { env: engine.env, encoding: 'utf8' });
    if (result.status !== 0)
      throw new Error(`${engine.name} cannot pull from ${registry}: ${result.stderr.trim()}`);
  }
}

function main(): void {
  const { values } = parseArgs({
    options: {
      registry: { type: 'string', default: '127.0.0.1:5000' },
      rounds: { type: 'string', default: '15' },
      scratch: { type: 'string', default: '/dev/shm' },
      only: { type: 'string' },
    },
  });
  const engines = findEngines(join(REPOSITORY, 'tinyd'), values.scratch);
  const header = environment(engines, values.scratch);
  prepareRun(values.registry, engines);
  const rows = jobs(values.registry, Number(values.rounds))
    .filter(job => values.only === undefined || job.name.includes(values.only))
    .flatMap(job => rowsOf(job, measure(job, engines)));
  const report = [...header.map(line => `- ${line}`), '', markdownTable(rows), ''].join('\n');
  const folder = join(REPOSITORY, 'bench', 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'latest.md'), report);
  writeFileSync(join(folder, 'latest.json'), `${JSON.stringify({ header, rows }, null, 2)}\n`);
  console.log(report);
  // The queries of other engines are native clients of a running daemon: their measure is node itself.
  const isGoal = (row: Row) => /^(pull|run)/.test(row.job);
  const behind = rows.filter(row => isGoal(row) && row.ratio !== undefined && row.ratio.median > 1);
  if (behind.length > 0)
    console.log(`behind: ${behind.map(row => `${row.engine} at ${row.job}`).join('; ')}`);
}

main();
