import { existsSync, rmSync } from 'node:fs';
import type { ContainerLayout } from '../layout';

/** Removes a container's folder in the state folder, if it is there: rmSync() would load all that a tree takes to find that out. */
export function removeRunFolder({ runDir }: ContainerLayout): void {
  if (existsSync(runDir)) rmSync(runDir, { recursive: true, force: true });
}
