import { quietly } from '../measure/meter';
import { inRounds, recorded } from '../measure/rounds';
import type { ContainerJob } from './job';
import { NODE_FLOOR, nodeFloor } from './queries';
import { tinydCommand } from './tinyd-command';

/**
 * What a start consists of: each contender does what the one before it does, and more. A node that does nothing; the code of tinyd
 * loaded and a command found in it; a record written, and flushed; a plan made and handed over, and a helper that has started it.
 */
export const STAGES_JOB: ContainerJob = {
  id: 'stages',
  title: 'stages of run -d --network none',
  run: (session, engines) => {
    const store = engines.find(({ name }) => name === 'tinyd')?.store;
    if (store === undefined) return;
    const image = session.image('small');
    let serial = 0;
    const made: string[] = [];
    const make = (verb: readonly string[], argv: readonly string[]) => {
      const name = `stage-${++serial}`;
      made.push(name);
      return recorded(
        session.meter.run(tinydCommand(store, ...verb, '--name', name, '--network', 'none', image, ...argv)),
      );
    };
    try {
      inRounds(session.findings, 'stages', session.rounds(15, 5), [
        { engine: NODE_FLOOR, once: () => nodeFloor(session) },
        { engine: 'tinyd version', once: () => recorded(session.meter.run(tinydCommand(store, 'version'))) },
        { engine: 'tinyd create', once: () => make(['create'], ['true']) },
        { engine: 'tinyd', once: () => make(['run', '-d'], ['sleep', '1000']) },
      ]);
    } finally {
      quietly(tinydCommand(store, 'rm', '-f', ...made));
    }
  },
};
