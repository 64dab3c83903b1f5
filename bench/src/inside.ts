import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { answers } from './content/copy-images';
import type { FoundImages } from './content/find-images';
import { findEngines } from './engines/find';
import { cleanEnvironment } from './engines/surroundings';
import { CONTAINER_JOBS, isWanted, STORE_JOBS } from './jobs/all';
import type { Job } from './jobs/job';
import { progress } from './measure/rounds';
import type { Findings } from './measure/samples';
import { readOptions } from './options';
import { Surroundings } from './report/environment';
import { judge, readGoals } from './report/goals';
import { markdown, RESULTS, type Report, record, writeReport } from './report/write';
import { INSIDE } from './session/isolate';
import { settleIn } from './session/namespaces';
import { type OpenEngine, REGISTRY, Session } from './session/session';

const REPOSITORY = resolve(__dirname, '../..');

/** What the process outside hands in, as a file in the session's folder. */
export interface HandedIn extends FoundImages {
  readonly disk: string;
  readonly extraCertificates: string | undefined;
}

async function startRegistry(list: string, env: NodeJS.ProcessEnv): Promise<void> {
  const program = join(__dirname, 'content/registry-process.js');
  const port = REGISTRY.split(':')[1] ?? '';
  spawn(process.execPath, [program, list, port], { env, stdio: ['ignore', 'ignore', 'inherit'] }).unref();
  const deadline = Date.now() + 10_000;
  while (!(await answers(REGISTRY))) {
    if (Date.now() > deadline) throw new Error('the registry does not answer');
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/** The jobs that share open stores: all engines are open at once, on one tmpfs. */
function runContainerJobs(session: Session): void {
  const jobs = CONTAINER_JOBS.filter(job => isWanted(job, session.options));
  if (jobs.length === 0) return;
  const place = session.place('tmpfs');
  const opened: OpenEngine[] = [];
  try {
    for (const engine of session.found.engines) {
      try {
        const store = session.open(engine, { ...place, path: join(place.path, engine.name) });
        const { containers } = store;
        if (containers !== undefined) opened.push({ name: engine.name, store, containers });
      } catch (error) {
        for (const { id } of jobs) session.findings.fail(id, engine.name, error);
      }
    }
    for (const job of jobs) attempt(session, job, () => job.run(session, opened));
  } finally {
    for (const { store } of opened) store.close();
    place.close();
  }
}

/** What an engine cannot do is in the findings already; what is caught here is a job that failed as a whole. */
function attempt(session: Session, { id }: Job, run: () => void): void {
  const started = Date.now();
  try {
    run();
  } catch (error) {
    session.findings.fail(id, 'all', error);
  }
  progress('');
  console.error(`${id.padEnd(18)} ${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s`);
  // A run that is interrupted leaves what it has found.
  session.save();
}

async function main(): Promise<void> {
  const folder = process.env[INSIDE] ?? '';
  const options = readOptions(process.argv.slice(2));
  const handed = JSON.parse(readFileSync(join(folder, 'handed-in.json'), 'utf8')) as HandedIn;
  const env = cleanEnvironment();
  const surroundings = new Surroundings(handed.extraCertificates);
  settleIn(folder, env);
  const list = join(folder, 'images.json');
  writeFileSync(list, JSON.stringify(handed.images));
  await startRegistry(list, env);
  const found = findEngines(join(REPOSITORY, 'tinyd'), options.engines);
  const command = [
    'npm run bench',
    ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : []),
  ].join(' ');
  const goals = readGoals();
  const save = (findings: Findings): Report => {
    const header = surroundings.end(found, handed.origin, handed.disk);
    const report = { command, header, findings, verdicts: judge(goals, findings) };
    writeReport(report);
    return report;
  };
  const session = new Session(options, found, handed.images, folder, handed.disk, env, save);
  runContainerJobs(session);
  for (const job of STORE_JOBS.filter(each => isWanted(each, options)))
    attempt(session, job, () => job.run(session));
  const report = save(session.findings);
  if (options.record) record(report);
  console.log(markdown(report));
  console.error(`written to ${RESULTS}`);
  process.exit(options.check && report.verdicts.some(({ outcome }) => outcome === 'missed') ? 1 : 0);
}

main().catch(error => {
  console.error(`bench: ${error.message}`);
  process.exit(2);
});
