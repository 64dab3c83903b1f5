import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { quietly } from '../measure/meter';
import { type Contender, inRounds } from '../measure/rounds';
import type { OpenEngine, Session } from '../session/session';
import { bundleOf, runBundle } from './bundle';
import type { ContainerJob } from './job';

const HELPER = join(__dirname, '../../../native/build/Release/tinyd-init');

/** The helper with a plan that tinyd made, from its start until its monitor has undone everything and is gone. */
function helperContender(session: Session, tinyd: OpenEngine): Contender {
  const plan = join(session.folder, 'plan');
  const command = tinyd.containers.start('planned', {
    image: session.image('small'),
    network: 'none',
    argv: ['true'],
  });
  if (command === undefined) throw new Error('tinyd makes no plan');
  const capture = join(__dirname, 'capture-plan.js');
  quietly({ argv: [process.execPath, capture, plan, ...command.argv.slice(1)], env: command.env });
  const once = () => {
    const descriptors = [openSync(plan, 'r'), openSync('/dev/null', 'w')];
    try {
      const argv = [HELPER, 'monitor'];
      const { settled, cpu, peak } = session.meter.run({ argv, env: {}, descriptors, settle: 5 });
      return { wall: settled, cpu, peak };
    } finally {
      for (const each of descriptors) closeSync(each);
    }
  };
  return { engine: 'tinyd', once };
}

/** What is left of `run` without node: a ready plan against a ready bundle. */
export const HELPER_JOB: ContainerJob = {
  id: 'helper',
  title: 'helper alone, from plan to reaped',
  run: (session, engines) => {
    const tinyd = engines.find(({ name }) => name === 'tinyd');
    if (tinyd === undefined) return;
    const all = [helperContender(session, tinyd)];
    const bundles = [
      { words: 'without seccomp', bundle: bundleOf(session, engines, { seccomp: false }) },
      { words: 'with seccomp', bundle: bundleOf(session, engines, { seccomp: true }) },
    ];
    for (const { name } of session.found.runtimes) {
      for (const { words, bundle } of bundles) {
        const once = () => {
          const { wall, cpu, peak } = session.meter.run(runBundle(session, name, bundle));
          return { wall, cpu, peak };
        };
        all.push({ engine: `${name} ${words}`, once });
      }
    }
    inRounds(session.findings, 'helper', session.rounds(31, 15), all);
  },
};
