import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../engines/daemon';
import { quietly } from '../measure/meter';
import { allProcesses, processStat, processTree } from '../measure/processes';
import { inRounds } from '../measure/rounds';
import type { OpenEngine, Session } from '../session/session';
import type { ContainerJob } from './job';

const MEGABYTE = 2 ** 20;
const CHUNK_MEGABYTES = 8;
const LINE = `${'a line of a log, as long as such lines are in the mean, with a number at its end: 0123456789'.padEnd(127)}\n`;
const PATIENCE_MS = 60_000;

/** Writes the chunk again and again; marks begin and end by files, and stays until the last is gone. */
const PRODUCER = `: > /data/begin; i=0; while [ $i -lt $0 ]; do cat /data/lines; i=$((i+1)); done; : > /data/end
while [ -e /data/end ]; do sleep 0.05; done`;

/**
 * A container writes as fast as its engine takes it. The rate counts what the container wrote; the CPU time is that of the
 * process that writes the log: tinyd's monitor, conmon, dockerd with its shim. With `whole` the log is read back, too.
 */
function logOnce(session: Session, { name: engine, containers }: OpenEngine, chunks: number, whole: boolean) {
  const data = join(session.folder, `log-${engine}`);
  const bytes = chunks * CHUNK_MEGABYTES * MEGABYTE;
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
  writeFileSync(join(data, 'lines'), LINE.repeat((CHUNK_MEGABYTES * MEGABYTE) / LINE.length));
  const command = containers.start('log', {
    image: session.image('small'),
    network: 'none',
    argv: ['sh', '-c', PRODUCER, String(chunks)],
    data,
    wholeLog: true,
  });
  if (command === undefined) return {};
  const before = loggers(containers.monitor, command.daemons);
  try {
    quietly(command);
    const monitors = loggers(containers.monitor, command.daemons);
    const deadline = Date.now() + PATIENCE_MS;
    while (!existsSync(join(data, 'end'))) {
      if (Date.now() > deadline) throw new Error(`not all written within ${PATIENCE_MS / 1000} s`);
      pause(5);
    }
    // The end is written when the container is done; the last of its output is on the way for a moment still.
    pause(200);
    const seconds = (statSync(join(data, 'end')).mtimeMs - statSync(join(data, 'begin')).mtimeMs) / 1000;
    const monitorCpu = [...monitors.keys()].reduce(
      (sum, pid) => sum + (processStat(pid)?.own ?? 0) - (before.get(pid) ?? 0),
      0,
    );
    if (whole) check(containers.logs('log')?.argv ?? [], command.env, bytes);
    return { wall: seconds, rate: bytes / seconds, monitorCpu };
  } finally {
    rmSync(join(data, 'end'), { force: true });
    for (const each of containers.remove(['log'])) quietly(each);
  }
}

/** The processes through which the output goes, with the CPU seconds that each has used of its own. */
function loggers(monitor: RegExp, daemons: readonly number[] = []): Map<number, number> {
  const found = daemons.length > 0 ? processTree(daemons) : allProcesses();
  return new Map(
    found
      .filter(({ name }) => monitor.test(name) || (daemons.length > 0 && /^(dockerd|containerd)/.test(name)))
      .map(({ pid, own }) => [pid, own]),
  );
}

/** Nothing may be lost. */
function check(logs: readonly string[], env: NodeJS.ProcessEnv, bytes: number): void {
  const counted = Number(quietly({ argv: ['sh', '-c', '"$@" | wc -c', 'sh', ...logs], env }));
  if (counted !== bytes) throw new Error(`${counted} of ${bytes} bytes are in the log`);
}

export const LOG_JOB: ContainerJob = {
  id: 'log',
  title: 'log, written as fast as it is taken',
  run: (session, engines) => {
    const chunks = session.options.quick ? 12 : 24;
    const contenders = engines
      .filter(({ containers }) => containers.logs('log') !== undefined)
      .map(engine => ({
        engine: engine.name,
        once: (round: number) => logOnce(session, engine, chunks, round === 0),
      }));
    inRounds(session.findings, 'log', session.rounds(3, 2), contenders);
  },
};
