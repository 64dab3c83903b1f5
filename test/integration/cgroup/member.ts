import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { CgroupPlan } from '../../../packages/runtime/dist/plan/session';

/** Does what the helper does with a plan's cgroups: makes them and writes their files. */
export function makeCgroups(cgroups: readonly CgroupPlan[]): void {
  for (const { path, writes } of cgroups) {
    mkdirSync(path, { recursive: true });
    for (const { file, value } of writes) writeFileSync(`${path}/${file}`, value);
  }
}

/** A shell that enters the cgroups itself (0: whoever writes) and then runs `script`. */
function inside(cgroups: readonly CgroupPlan[], script: string): [string, string[]] {
  const enter = cgroups.map(({ path, unified }) => `echo 0 > ${path}/${unified ? 'cgroup.procs' : 'tasks'}`);
  return ['/bin/sh', ['-ec', [...enter, script].join('\n')]];
}

/** Runs a script in the cgroups to its end. */
export function run(cgroups: readonly CgroupPlan[], script: string) {
  const [program, args] = inside(cgroups, script);
  return spawnSync(program, args, { encoding: 'utf8', timeout: 20_000 });
}

/** Starts a script in the cgroups. */
export function start(cgroups: readonly CgroupPlan[], script: string): ChildProcess {
  const [program, args] = inside(cgroups, script);
  return spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
}
