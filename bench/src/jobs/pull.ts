import type { ImageName } from '../content/content';
import type { Engine } from '../engines/engine';
import { quietly } from '../measure/meter';
import { inRounds, recorded } from '../measure/rounds';
import type { Session } from '../session/session';
import type { PlaceKind } from '../stores/place';
import { compareTrees, listTree } from '../stores/tree-listing';
import type { StoreJob } from './job';

type Tree = ReadonlyMap<string, string>;

/** One pull into a new file system, with a daemon of its own where there is one; the files are kept of the first round. */
function pullOnce(
  session: Session,
  engine: Engine,
  name: 'nginx' | 'big',
  kind: PlaceKind,
  trees: Map<string, Tree>,
) {
  const place = session.place(kind);
  try {
    const store = session.open(engine, place);
    try {
      const image = session.image(name);
      // What others wrote is on the disk before, not during.
      quietly({ argv: ['sync', '-f', place.path], env: session.env });
      const cost = recorded(session.meter.run(store.pull(image)));
      if (!trees.has(engine.name)) {
        const tree = store.tree(image);
        trees.set(engine.name, listTree(tree.path));
        tree.unmount();
      }
      return cost;
    } finally {
      store.close();
    }
  } finally {
    place.close();
  }
}

function note(session: Session, job: string, trees: ReadonlyMap<string, Tree>): void {
  const own = trees.get('tinyd');
  if (own === undefined) return;
  for (const [engine, tree] of trees) {
    if (engine === 'tinyd') continue;
    const { count, examples } = compareTrees(own, tree);
    session.findings.notes.push(
      count === 0
        ? `${job}: all ${own.size} entries of ${engine}'s tree equal tinyd's`
        : `${job}: ${count} of ${own.size} entries of ${engine}'s tree differ from tinyd's (tinyd | ${engine}): ${examples.join('; ')}`,
    );
  }
}

function pull(name: ImageName & ('nginx' | 'big'), kind: PlaceKind, rounds: number): StoreJob {
  const id = `pull-${name}-${kind}`;
  return {
    id,
    title: `pull ${name}, ${kind === 'ext4' ? 'journaled ext4' : kind}`,
    run: session => {
      const trees = new Map<string, Tree>();
      const contenders = session.found.engines.map(engine => ({
        engine: engine.name,
        once: () => pullOnce(session, engine, name, kind, trees),
      }));
      inRounds(session.findings, id, session.rounds(rounds, 2), contenders);
      note(session, id, trees);
    },
  };
}

export const PULL_JOBS: readonly StoreJob[] = [
  pull('nginx', 'tmpfs', 5),
  pull('nginx', 'ext4', 5),
  pull('big', 'tmpfs', 3),
  pull('big', 'ext4', 3),
];
