import { recall, remember, type StoredImage } from './content';
import { answers, copyImages } from './copy-images';
import { makeOwnImages } from './own-images';

/** Where a test registry usually listens. */
const USUAL_REGISTRY = '127.0.0.1:5000';

/** The images to work with, and a line that says where they come from. */
export interface FoundImages {
  readonly images: readonly StoredImage[];
  readonly origin: string;
}

/**
 * Images of the given registry; without one of the usual registry if it answers and has them, else of this machine's
 * own files.
 */
export async function findImages(registry: string | undefined, env: NodeJS.ProcessEnv): Promise<FoundImages> {
  if (registry !== undefined && !(await answers(registry)))
    throw new Error(
      `no registry answers at http://${registry}: start one with library/busybox:latest, library/nginx:single and library/big:latest, or leave --registry out`,
    );
  const source = registry ?? ((await answers(USUAL_REGISTRY)) ? USUAL_REGISTRY : undefined);
  if (source !== undefined) {
    try {
      return { images: await copyImages(source), origin: `copied from ${source}` };
    } catch (error) {
      if (registry !== undefined) throw error;
      console.error(`${(error as Error).message}; making images of this machine's files instead`);
    }
  }
  const kept = recall('own');
  if (kept === undefined)
    console.error(
      `no registry at ${USUAL_REGISTRY}: making images of this machine's own files (a few minutes, kept for the next time)`,
    );
  const images = kept ?? (await makeOwnImages(env));
  if (kept === undefined) remember('own', images);
  return { images, origin: "made of this machine's own files" };
}
