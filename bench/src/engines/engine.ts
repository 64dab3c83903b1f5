import type { Command } from '../measure/meter';
import type { MountedTree } from '../stores/rootfs';

/** What a contender can be asked about what it holds. */
export type Query = 'version' | 'ps' | 'images';

/** How a container is to be run. */
export interface ContainerRequest {
  readonly image: string;
  readonly network: 'bridge' | 'none';
  readonly argv: readonly string[];
  /** A host folder, at /data in the container. */
  readonly data?: string;
  /** Keeps all of the log, where an engine would drop its beginning by default. */
  readonly wholeLog?: boolean;
}

/** The commands of an engine that runs containers, with the store that they work on. */
export interface Containers {
  /** Runs to the end, removes. Undefined where the engine has no such network. */
  run(request: ContainerRequest): Command | undefined;
  /** Starts in the background. */
  start(name: string, request: ContainerRequest): Command | undefined;
  exec(name: string, argv: readonly string[]): Command;
  remove(names: readonly string[]): readonly Command[];
  query(what: Query): Command;
  /** Prints what a container wrote; undefined where the engine keeps no log. */
  logs(name: string): Command | undefined;
  /** Tells by its name (comm) the process that the engine keeps for each running container. */
  readonly monitor: RegExp;
}

/** A store of an engine in a folder of its own, with its daemon if it has one. */
export interface Store {
  pull(image: string): Command;
  /** The files of an image that was pulled. */
  tree(image: string): MountedTree;
  readonly containers?: Containers;
  /** Stops daemons. What is on disk goes with the place. */
  close(): void;
}

/** A program to compare with, as found on this machine. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Makes a store in an empty folder. Fails when its daemon does not come up. */
  open(folder: string): Store;
}
