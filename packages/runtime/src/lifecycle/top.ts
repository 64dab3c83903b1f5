import { execFile } from 'node:child_process';
import { TinydError } from '@tinyd/core';
import { systemCode } from '../atomic-file';
import { processesOf } from '../cgroup/members';
import type { RuntimeContext } from '../context';
import { requireContainer } from '../state/container-state';
import { STATUS_RULES, wrongState } from '../state/status';

/** The processes of a container as the host's ps describes them. */
export interface ProcessTable {
  readonly titles: readonly string[];
  /** One row a process, one cell a title. */
  readonly processes: readonly (readonly string[])[];
}

/** docker's. */
const DEFAULT_ARGUMENTS = ['-ef'];
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * Lists the processes of a running container with the host's ps(1), the PIDs being the host's.
 *
 * @param psArguments what ps is to show; it must print a column PID.
 *
 * Fails with ERR_TINYD_CONTAINER_STATE when it does not run, ERR_TINYD_OPTION_INVALID when ps refuses the arguments or
 * shows no PIDs, ERR_TINYD_SYSTEM when there is no ps.
 */
export async function topContainer(
  context: RuntimeContext,
  id: string,
  psArguments: readonly string[] = [],
): Promise<ProcessTable> {
  const { record, state } = requireContainer(context, id);
  if (!STATUS_RULES[state.status].hasProcess)
    throw wrongState('list processes of', record.name, state.status);
  const asked = psArguments.length === 0 ? DEFAULT_ARGUMENTS : psArguments;
  const pids = processesOf(id);
  // Some arguments cannot be had together with -q, and some programs called ps have no -q.
  const output = await runPs([...asked, `-q${pids.join(',')}`]).catch(() => runPs(asked));
  return selectProcesses(output, new Set(pids), asked);
}

/** Picks the rows of some processes out of what ps printed. Fails with ERR_TINYD_OPTION_INVALID without a column PID. */
export function selectProcesses(
  output: string,
  pids: ReadonlySet<number>,
  psArguments: readonly string[],
): ProcessTable {
  const [heading = '', ...lines] = output.split('\n').filter(line => line.trim() !== '');
  const titles = cells(heading);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn === -1) {
    const shown = psArguments.join(' ');
    throw new TinydError(
      'ERR_TINYD_OPTION_INVALID',
      `cannot list processes with ps ${shown}: it shows no column PID`,
      {
        hint: 'add pid to the columns: tinyd top CONTAINER -o pid,cmd',
      },
    );
  }
  const processes = lines.flatMap(line => {
    const words = cells(line);
    if (!pids.has(Number(words[pidColumn]))) return [];
    // The last column, the command, has blanks of its own.
    const last = titles.length - 1;
    return [[...words.slice(0, last), words.slice(last).join(' ')]];
  });
  return { titles, processes };
}

function cells(line: string): string[] {
  return line.trim().split(/[ \t]+/);
}

function runPs(psArguments: readonly string[]): Promise<string> {
  // COLUMNS would cut the lines.
  const env = { ...process.env, COLUMNS: undefined };
  return new Promise((resolve, reject) => {
    execFile('ps', psArguments, { env, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(psError(error, psArguments, stderr));
    });
  });
}

function psError(cause: Error, psArguments: readonly string[], stderr: string): TinydError {
  if (systemCode(cause) === 'ENOENT') {
    return new TinydError('ERR_TINYD_SYSTEM', 'cannot list processes: the host has no program ps', {
      hint: 'install it (package procps), or use tinyd exec CONTAINER ps',
      cause,
    });
  }
  const said = stderr.split('\n').find(line => line.trim() !== '') ?? cause.message;
  return new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot list processes with ps ${psArguments.join(' ')}: ${said.trim()}`,
    {
      hint: 'give options of ps(1) that show the PID, such as -ef, aux or -o pid,cmd',
      cause,
    },
  );
}
