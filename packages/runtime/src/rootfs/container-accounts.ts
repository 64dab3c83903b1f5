import { join } from 'node:path';
import { openInRoot } from '@tinyd/native';
import { systemCode } from '../atomic-file';
import type { ContainerLayout } from '../layout';
import { type Accounts, readAccounts } from './account-files';
import { openInLayers } from './layered-lookup';

/** Accounts of a container that does not run: its own layer over the image's. */
export function accountsOfLayers(
  root: string,
  paths: ContainerLayout,
  lowerDirs: readonly string[],
): Accounts {
  const layers = [paths.upper, ...lowerDirs.map(dir => join(root, dir))];
  return readAccounts(path => openInLayers(layers, path));
}

/** Accounts of a running container, as its process sees them: mounts over /etc/passwd included. */
export function accountsOfProcess(pid: number): Accounts {
  return readAccounts(path => {
    try {
      return openInRoot(`/proc/${pid}/root`, path);
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  });
}
