import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { blobPath, IMAGES } from '../content/content';
import type { Store } from '../engines/engine';
import { quietly } from '../measure/meter';
import { inRounds, recorded } from '../measure/rounds';
import type { Session } from '../session/session';
import type { StoreJob } from './job';
import { tinydCommand as command } from './tinyd-command';

const MANY = { containers: 1000, images: 200 };
/** A busy machine takes its time for a thousand commands. */
const CREATING_MS = 900_000;
const MANY_QUICK = { containers: 200, images: 50 };

/** Containers that were created and never ran, two at a time. */
function createContainers(store: Store, image: string, count: number): void {
  const { argv, env } = command(store, 'create', '--name', 'many-{}', '--network', 'none', image, 'true');
  const numbers = Array.from({ length: count }, (_, index) => index).join('\n');
  quietly({ argv: ['xargs', '-P', '2', '-I', '{}', ...argv], env }, numbers, CREATING_MS);
}

/** An archive of so many images that differ in a label, on one layer; loaded at once. */
function loadImages(session: Session, store: Store, count: number): void {
  const folder = join(session.folder, 'many');
  mkdirSync(folder);
  const small = session.images.find(({ name }) => name === IMAGES.small);
  const manifest = JSON.parse(small?.manifest ?? '') as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const config = JSON.parse(readFileSync(blobPath(manifest.config.digest), 'utf8'));
  const layers = manifest.layers.map(({ digest }, index) => {
    writeFileSync(join(folder, `layer-${index}.tar`), gunzipSync(readFileSync(blobPath(digest))));
    return `layer-${index}.tar`;
  });
  const entries = Array.from({ length: count }, (_, index) => {
    const labelled = { ...config, config: { ...config.config, Labels: { number: String(index) } } };
    writeFileSync(join(folder, `${index}.json`), JSON.stringify(labelled));
    return { Config: `${index}.json`, RepoTags: [`many:${index}`], Layers: layers };
  });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(entries));
  const archive = join(session.folder, 'many.tar');
  quietly({ argv: ['tar', '-C', folder, '-cf', archive, '.'], env: session.env });
  quietly(command(store, 'load', '-q', '-i', archive));
}

/** Commands that list and look up, in a store with one of each and in one with many. */
export const POPULATION_JOB: StoreJob = {
  id: 'population',
  title: 'ps -a, images, inspect with 1,000 containers and 200 images',
  run: session => {
    const { containers, images } = session.options.quick ? MANY_QUICK : MANY;
    const tinyd = session.found.engines.find(({ name }) => name === 'tinyd');
    if (tinyd === undefined) return;
    const places = [session.place('tmpfs'), session.place('tmpfs')] as const;
    try {
      const [one, many] = places.map(place => session.open(tinyd, place)) as [Store, Store];
      createContainers(one, session.image('small'), 1);
      createContainers(many, session.image('small'), containers);
      loadImages(session, many, images);
      const asked = { ps: ['ps', '-a'], images: ['images'], inspect: ['inspect', 'many-0'] };
      for (const [what, argv] of Object.entries(asked)) {
        inRounds(session.findings, `${what}-many`, session.rounds(11, 5), [
          {
            engine: 'tinyd',
            once: () => recorded(session.meter.run(command(many, ...argv))),
          },
          { engine: 'tinyd, one', once: () => recorded(session.meter.run(command(one, ...argv))) },
        ]);
      }
    } finally {
      for (const place of places) place.close();
    }
  },
};
