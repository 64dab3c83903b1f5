import { quietly } from '../measure/meter';
import { refreshCost } from '../measure/refreshes';
import { inRounds, progress, recorded } from '../measure/rounds';
import type { ContainerJob } from './job';

const RUNNING = 200;
const RUNNING_QUICK = 60;
/** CPU time of a process is told in hundredths of a second. */
const REFRESHES = 5;
/** The starts that are compared: from the tenth on, and the last. */
const WINDOW = 20;
const FIRST = 9;

/** Containers running side by side: what the start of one more costs, and what asking for all of their usage does. */
export const SCALE_JOB: ContainerJob = {
  id: 'scale',
  title: `${RUNNING} containers running: time per start, CPU time of stats`,
  run: (session, engines) => {
    const tinyd = engines.find(({ name }) => name === 'tinyd');
    if (tinyd === undefined) return;
    const { containers } = tinyd;
    const count = session.options.quick ? RUNNING_QUICK : RUNNING;
    const names = Array.from({ length: count }, (_, index) => `scale-${index}`);
    const request = { image: session.image('small'), network: 'bridge' as const, argv: ['sleep', '1000'] };
    const { findings, meter } = session;
    try {
      progress(`scale: ${count} starts`);
      for (const [index, name] of names.entries()) {
        const command = containers.start(name, request);
        if (command === undefined) return;
        const { wall } = meter.run(command);
        findings.add('starts', 'tinyd', { wall });
        if (index >= FIRST && index < FIRST + WINDOW)
          findings.add('scale', 'tinyd, the 10th to 29th', { wall });
        if (index >= count - WINDOW) findings.add('scale', 'tinyd', { wall });
      }
      const { argv, env } = containers.query('version');
      const stats = { argv: [argv[0] ?? '', 'stats', '--no-stream'], env };
      const once = () => recorded(meter.run(stats));
      inRounds(findings, 'stats', session.rounds(5, 3), [{ engine: 'tinyd', once }]);
      const live = { argv: [argv[0] ?? '', 'stats'], env };
      const refresh = () => ({ cpu: refreshCost(live, 'CONTAINER ID', REFRESHES, session.folder) });
      inRounds(findings, 'stats-refresh', session.rounds(3, 2), [{ engine: 'tinyd', once: refresh }]);
    } finally {
      for (const command of containers.remove(names)) quietly(command);
    }
  },
};
