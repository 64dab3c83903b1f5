import { CgroupReader } from '../cgroup/usage';
import type { RuntimeContext } from '../context';
import { lookAtNetworks } from '../lifecycle/look-at-networks';
import { readNetworkSettings } from '../lifecycle/network-settings';
import type { LogEntry } from '../logs/entry';
import { readLogs } from '../logs/read-logs';
import { writableQuota } from '../quota/writable-quota';
import { imageProcess } from '../spec/generate';
import { processArguments } from '../spec/process-arguments';
import { type ContainerView, requireContainer } from '../state/container-state';
import { readFailedStart } from '../state/failed-start';
import { readHealth } from '../state/health';
import { visibleStatus } from '../state/paused';
import { explainEnd, PROGRAM_STATUSES } from './ended';
import type { Diagnosis, Explanation, Finding, Obstacle } from './explanation';
import { findObstacles, programObstacles } from './obstacles';
import { counted, durationText, ordinal, signalName, sizeText } from './words';

/** Lines of the log that go with an explanation. */
const LOG_LINES = 8;

/**
 * Says why a container ended, or will not start, and what to do about it. Looks at its files, its layers, the kernel's
 * counters and this host's ports; asks nobody, executes nothing of the container and changes nothing, but for what every command puts
 * back of its networks.
 */
export async function explainContainer(context: RuntimeContext, id: string): Promise<Explanation> {
  if (context.repairs.length === 0) lookAtNetworks(context);
  const view = requireContainer(context, id);
  const { record, paths, state } = view;
  const { options } = record;
  const argv = processArguments(imageProcess(options), options).argv;
  const status = visibleStatus(view);
  const diagnosis = await diagnose(context, view, argv);
  const log: LogEntry[] = [];
  for await (const entry of readLogs(paths.log, { tail: LOG_LINES }, () => false)) log.push(entry);
  return {
    id: record.id,
    name: record.name,
    image: options.image.name,
    status,
    ...(status === 'exited' ? { exitCode: state.exitCode } : {}),
    ...(state.signal === 0 ? {} : { signal: signalName(state.signal) }),
    ...diagnosis,
    findings: [...diagnosis.findings, ...diskFindings(context, view)],
    log,
  };
}

async function diagnose(
  context: RuntimeContext,
  view: ContainerView,
  argv: readonly string[],
): Promise<Diagnosis> {
  const { paths, state } = view;
  if (state.status === 'running') return explainRunning(context, view);
  const failed = readFailedStart(paths, state.startedAt);
  if (failed !== undefined)
    return explainFailedStart(view, failed, await looking(findObstacles(context, view)));
  if (state.status === 'created') return explainCreated(view, await looking(findObstacles(context, view)));
  const asksProgram = state.signal === 0 && PROGRAM_STATUSES.has(state.exitCode);
  const end = explainEnd(view, argv, asksProgram ? await looking(programObstacles(context, view)) : []);
  return state.status === 'restarting' ? explainRestarting(view, end) : end;
}

/** Between two runs: why the last one ended is what matters. */
function explainRestarting({ record, state }: ContainerView, end: Diagnosis): Diagnosis {
  return {
    ...end,
    verdict: `waits to be started again, for the ${ordinal(state.restartCount + 1)} time: it ${end.verdict}`,
    advice: [...end.advice, `end it for good: tinyd stop ${record.name}`],
  };
}

/** A container whose files cannot even be looked at has that for an obstacle. */
async function looking(inquiry: Promise<Obstacle[]>): Promise<Obstacle[]> {
  try {
    return await inquiry;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ reason: 'its files cannot be opened', findings: [{ topic: 'Files', text }], advice: [] }];
  }
}

function explainFailedStart(
  { record }: ContainerView,
  failed: NonNullable<ReturnType<typeof readFailedStart>>,
  obstacles: readonly Obstacle[],
): Diagnosis {
  const attempt: Finding = { topic: 'Last start', text: `${failed.time.slice(0, 19)}Z: ${failed.message}` };
  if (obstacles.length > 0) return cannotStart(obstacles, attempt);
  const prefix = `cannot start container ${record.name}: `;
  const reason = failed.message.startsWith(prefix) ? failed.message.slice(prefix.length) : failed.message;
  return {
    cause: 'cannot-start',
    verdict: `did not start: ${reason}`,
    findings: [attempt, { topic: 'Now', text: nowText(failed.code) }],
    advice: [
      ...(failed.hint === undefined ? [] : [failed.hint]),
      `try again, the cause may be gone: tinyd start ${record.name}`,
    ],
  };
}

function nowText(code: string | undefined): string {
  return code === 'ERR_TINYD_COMMAND_NOT_EXECUTABLE'
    ? 'its program looks whole, and the kernel refuses it: is it a 32-bit one, which not every kernel takes?'
    : 'program, layers, mounts and ports are as they should be';
}

function cannotStart(obstacles: readonly Obstacle[], ...facts: readonly Finding[]): Diagnosis {
  return {
    cause: 'cannot-start',
    verdict: `cannot start: ${obstacles.map(({ reason }) => reason).join('; and ')}`,
    findings: [...obstacles.flatMap(({ findings }) => findings), ...facts],
    advice: obstacles.flatMap(({ advice }) => advice),
  };
}

function explainCreated({ record }: ContainerView, obstacles: readonly Obstacle[]): Diagnosis {
  const created = { topic: 'Created', text: `${record.created.slice(0, 19)}Z` };
  if (obstacles.length > 0) return cannotStart(obstacles, created);
  return {
    cause: 'never-started',
    verdict: 'was created and never started; nothing stands in its way',
    findings: [created],
    advice: [`start it: tinyd start ${record.name}`],
  };
}

function explainRunning(context: RuntimeContext, view: ContainerView): Diagnosis {
  const { record, state } = view;
  const paused = visibleStatus(view) === 'paused';
  const since = durationText(state.startedAt, new Date().toISOString());
  return {
    cause: paused ? 'paused' : 'running',
    verdict: paused ? `is paused; it was started ${since} ago` : `has been running for ${since}`,
    findings: [
      { topic: 'Process', text: String(state.pid) },
      ...memoryFindings(view),
      ...healthFindings(view),
      ...networkFindings(context, view),
    ],
    advice: paused ? [`let it run on: tinyd unpause ${record.name}`] : [],
  };
}

/** What was found wrong with its networks just now. */
function networkFindings({ repairs }: RuntimeContext, { paths }: ContainerView): Finding[] {
  if (readNetworkSettings(paths).every(({ bridge }) => bridge === '')) return [];
  return repairs.map(({ text }) => ({ topic: 'Network', text }));
}

/** What its health check says, with the last lines of a probe that failed. */
function healthFindings({ record, paths }: ContainerView): Finding[] {
  const health = readHealth(record, paths);
  if (health === undefined) return [];
  const last = health.Log.at(-1);
  const output = last === undefined || last.ExitCode === 0 ? '' : last.Output.trim();
  const streak =
    health.FailingStreak === 0 ? '' : `, ${counted(health.FailingStreak, 'probe')} failed in a row`;
  return [{ topic: 'Health', text: `${health.Status}${streak}${output === '' ? '' : `: ${output}`}` }];
}

/** How full the writable layer is, of a container with a limit of disk space. */
function diskFindings({ layout }: RuntimeContext, { record }: ContainerView): Finding[] {
  if (record.options.storage === undefined) return [];
  const quota = writableQuota(layout, record.id);
  if (quota === undefined) return [];
  const { limitBytes, usedBytes } = quota;
  const full = usedBytes >= 0.99 * limitBytes ? ': nothing more can be written' : '';
  return [{ topic: 'Disk', text: `${sizeText(usedBytes)} of ${sizeText(limitBytes)} used${full}` }];
}

function memoryFindings({ record }: ContainerView): Finding[] {
  const reader = new CgroupReader();
  const { memoryBytes, memoryLimitBytes } = reader.usage(record.id);
  const kills = reader.oomKills(record.id);
  const facts = [
    `${sizeText(memoryBytes)} in use`,
    ...(record.options.limits.memoryBytes === undefined ? [] : [`limit ${sizeText(memoryLimitBytes)}`]),
    ...(kills === 0 ? [] : [`the kernel killed ${counted(kills, 'process')} for want of memory`]),
  ];
  return [{ topic: 'Memory', text: facts.join(', ') }];
}
