import { quietly } from '../measure/meter';
import { type Contender, inRounds, recorded } from '../measure/rounds';
import type { OpenEngine, Session } from '../session/session';
import { bundleOf, runBundle } from './bundle';
import type { ContainerJob } from './job';
import { NODE_FLOOR, nodeFloor } from './queries';

const TRUE = ['true'];

function contenders(
  session: Session,
  engines: readonly OpenEngine[],
  network: 'bridge' | 'none',
): Contender[] {
  const image = session.image('small');
  return engines.flatMap(({ name, containers }) => {
    if (containers.run({ image, network, argv: TRUE }) === undefined) return [];
    const once = () => {
      const command = containers.run({ image, network, argv: TRUE });
      return command === undefined ? {} : recorded(session.meter.run({ ...command, settle: 5 }));
    };
    return [{ engine: name, once }];
  });
}

const bridge: ContainerJob = {
  id: 'run-bridge',
  title: 'run --rm, bridge network',
  run: (session, engines) =>
    inRounds(session.findings, 'run-bridge', session.rounds(15, 5), contenders(session, engines, 'bridge')),
};

const none: ContainerJob = {
  id: 'run-none',
  title: 'run --rm --network none',
  run: (session, engines) => {
    const all = contenders(session, engines, 'none');
    all.push({ engine: NODE_FLOOR, once: () => nodeFloor(session) });
    const bundle = bundleOf(session, engines, { seccomp: true });
    for (const { name } of session.found.runtimes)
      all.push({
        engine: `${name} with seccomp`,
        once: () => recorded(session.meter.run(runBundle(session, name, bundle))),
      });
    inRounds(session.findings, 'run-none', session.rounds(15, 5), all);
  },
};

const IN_A_ROW = 20;
const IN_A_ROW_QUICK = 5;

/** One after another, as a script would start them; a sample is the mean time of each. */
const detached: ContainerJob = {
  id: 'run-detached',
  title: 'run -d, each of many in a row',
  run: (session, engines) => {
    const image = session.image('small');
    const count = session.options.quick ? IN_A_ROW_QUICK : IN_A_ROW;
    const names = Array.from({ length: count }, (_, index) => `row-${index}`);
    const all = engines.flatMap(({ name, containers }) => {
      const request = { image, network: 'bridge' as const, argv: ['sleep', '1000'] };
      if (containers.start('row-0', request) === undefined) return [];
      const once = () => {
        let wall = 0;
        let cpu = 0;
        try {
          for (const each of names) {
            const command = containers.start(each, request);
            const cost = command && session.meter.run(command);
            wall += cost?.wall ?? 0;
            cpu += cost?.cpu ?? 0;
          }
        } finally {
          for (const command of containers.remove(names)) quietly(command);
        }
        return { wall: wall / count, cpu: cpu / count };
      };
      return [{ engine: name, once }];
    });
    inRounds(session.findings, 'run-detached', session.rounds(5, 1), all);
  },
};

const exec: ContainerJob = {
  id: 'exec',
  title: 'exec true',
  run: (session, engines) => {
    const request = { image: session.image('small'), network: 'none' as const, argv: ['sleep', '1000'] };
    const started: OpenEngine[] = [];
    for (const each of engines) {
      try {
        const command = each.containers.start('exec', request);
        if (command === undefined) continue;
        quietly(command);
        started.push(each);
      } catch (error) {
        session.findings.fail('exec', each.name, error);
      }
    }
    const all = started.map(({ name, containers }) => ({
      engine: name,
      once: () => recorded(session.meter.run({ ...containers.exec('exec', TRUE), settle: 0 })),
    }));
    inRounds(session.findings, 'exec', session.rounds(15, 5), all);
    for (const { containers } of started) for (const command of containers.remove(['exec'])) quietly(command);
  },
};

export const RUN_JOBS: readonly ContainerJob[] = [bridge, none, detached, exec];
