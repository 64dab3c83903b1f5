import type { Query } from '../engines/engine';
import { inRounds, recorded } from '../measure/rounds';
import type { Session } from '../session/session';
import type { ContainerJob } from './job';

/** Name of the contender that is what every command of tinyd rests on: a node that does nothing. */
export const NODE_FLOOR = 'node -e 0';

/** Measures that floor once. */
export function nodeFloor({ meter, env }: Session) {
  return recorded(meter.run({ argv: [process.execPath, '-e', '0'], env }));
}

function query(what: Query): ContainerJob {
  return {
    id: what,
    title: what,
    run: (session, engines) => {
      const contenders = engines.map(({ name, containers }) => ({
        engine: name,
        once: () => recorded(session.meter.run(containers.query(what))),
      }));
      const floor = { engine: NODE_FLOOR, once: () => nodeFloor(session) };
      inRounds(session.findings, what, session.rounds(15, 7), [...contenders, floor]);
    },
  };
}

export const QUERY_JOBS: readonly ContainerJob[] = [query('version'), query('ps'), query('images')];
