import { findCtr } from './ctr';
import { findDocker } from './docker';
import type { Engine } from './engine';
import { findPodman } from './podman';
import { findSkopeoUmoci } from './skopeo-umoci';
import { cleanEnvironment, versionOf } from './surroundings';
import { findTinyd } from './tinyd';

/** A low-level runtime: it runs bundles, and has no store. */
export interface LowLevelRuntime {
  readonly name: string;
  readonly version: string;
}

/** What is on this machine to compare with. */
export interface Found {
  /** tinyd first. */
  readonly engines: readonly Engine[];
  readonly runtimes: readonly LowLevelRuntime[];
}

/** Looks for the engines; `only` names those wanted, undefined all. */
export function findEngines(tinyd: string, only: readonly string[] | undefined): Found {
  const wanted = (name: string) => only === undefined || only.includes(name);
  const env = cleanEnvironment();
  const runtimes = ['crun', 'runc'].filter(wanted).flatMap(name => {
    const version = versionOf([name, '--version'], env);
    return version === undefined ? [] : [{ name, version }];
  });
  const engines = [findTinyd(tinyd), findDocker(), findPodman(), findCtr(), findSkopeoUmoci()]
    .filter(engine => engine !== undefined)
    .filter(({ name }) => name === 'tinyd' || wanted(name));
  return { engines, runtimes };
}
