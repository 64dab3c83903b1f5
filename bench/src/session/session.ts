import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { IMAGES, type ImageName, type StoredImage } from '../content/content';
import type { Containers, Engine, Store } from '../engines/engine';
import type { Found } from '../engines/find';
import { Meter, quietly } from '../measure/meter';
import { Findings } from '../measure/samples';
import type { Options } from '../options';
import { makePlace, type Place, type PlaceKind } from '../stores/place';

/** Address of the registry inside the session's network namespace. */
export const REGISTRY = '127.0.0.1:5000';

/** An engine with a store that is open, for the jobs that run containers. */
export interface OpenEngine {
  readonly name: string;
  readonly store: Store;
  readonly containers: Containers;
}

/** Everything that jobs share. */
export class Session {
  readonly findings = new Findings();
  readonly meter: Meter;

  constructor(
    readonly options: Options,
    readonly found: Found,
    readonly images: readonly StoredImage[],
    /** A tmpfs of the session. */
    readonly folder: string,
    /** A folder of the session on a disk. */
    readonly disk: string,
    readonly env: NodeJS.ProcessEnv,
    /** Writes what was found so far. */
    private readonly write: (findings: Findings) => void,
  ) {
    this.meter = new Meter(folder);
  }

  /** How often a job is done. */
  rounds(usual: number, quick: number): number {
    return this.options.rounds ?? (this.options.quick ? quick : usual);
  }

  save(): void {
    this.write(this.findings);
  }

  image(name: ImageName): string {
    return `${REGISTRY}/library/${IMAGES[name]}`;
  }

  place(kind: PlaceKind): Place {
    return makePlace(kind, this.folder, this.disk, this.env);
  }

  /** Opens a store in a place and brings the small image in, so that no later command is the first of its store. */
  open(engine: Engine, place: Place): Store {
    const folder = join(place.path, 'store');
    mkdirSync(folder, { recursive: true });
    const store = engine.open(folder);
    try {
      quietly(store.pull(this.image('small')));
      return store;
    } catch (error) {
      store.close();
      throw error;
    }
  }
}
