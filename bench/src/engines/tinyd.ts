import { join } from 'node:path';
import { dockerLike, inspectedTree } from './docker-like';
import type { Engine } from './engine';
import { cleanEnvironment, versionOf } from './surroundings';

/** This project's own command. */
export function findTinyd(program: string): Engine | undefined {
  const env = cleanEnvironment();
  const version = versionOf([program, '--version'], env);
  if (version === undefined) return undefined;
  return {
    name: 'tinyd',
    version,
    open: folder => {
      const own = { ...env, TINYD_ROOT: join(folder, 'tinyd'), TINYD_STATE: join(folder, 'tinyd-run') };
      const base = [program];
      return {
        pull: image => ({ argv: [...base, 'pull', '-q', image], env: own, settle: 5 }),
        tree: image => inspectedTree({ base, env: own }, ['inspect', '--type', 'image', image], folder),
        containers: dockerLike({ base, env: own, daemons: [], monitor: /^tinyd:/, bridge: 'bridge' }),
        close: () => {},
      };
    },
  };
}
