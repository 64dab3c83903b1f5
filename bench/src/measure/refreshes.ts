import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '../engines/daemon';
import { type Command, CommandFailed } from './meter';
import { processStat } from './processes';

const PATIENCE_MS = 60_000;
/** Between a table and the next one the command sleeps for a second; what follows a table is done by then. */
const SETTLE_MS = 200;

/**
 * CPU seconds that a command takes to print its table once more: those of `count` tables in a row, divided. Its start
 * and its first table are not in it.
 *
 * @param heading what each table begins with
 * @throws CommandFailed when it ends, or prints too little
 */
export function refreshCost({ argv, env }: Command, heading: string, count: number, folder: string): number {
  const path = join(folder, 'refreshes');
  const output = openSync(path, 'w');
  const [program = '', ...args] = argv;
  const child = spawn(program, args, { env, stdio: ['ignore', output, 'ignore'] });
  closeSync(output);
  const { pid = -1 } = child;
  const cpuAfter = (tables: number): number => {
    const deadline = Date.now() + PATIENCE_MS;
    while (readFileSync(path, 'utf8').split(heading).length - 1 < tables) {
      if (Date.now() > deadline || !lives(pid))
        throw new CommandFailed(`${argv.join(' ')}: fewer than ${tables} tables`);
      pause(10);
    }
    pause(SETTLE_MS);
    return processStat(pid)?.own ?? 0;
  };
  try {
    const before = cpuAfter(1);
    return (cpuAfter(1 + count) - before) / count;
  } finally {
    child.kill('SIGKILL');
    while (lives(pid)) pause(5);
  }
}

function lives(pid: number): boolean {
  const state = processStat(pid)?.state;
  return state !== undefined && state !== 'Z';
}
