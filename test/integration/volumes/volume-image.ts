import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type RegistryServer, serveRegistry } from '@tinyd/registry';
import { buildImage, type LayerEntry } from '../../support/image-builder';
import { Tinyd } from '../../support/tinyd';

/** busybox with its applets, so that a layer can hold a shell. */
function busybox(): LayerEntry[] {
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n');
  const links = applets.filter(each => each !== '' && each !== 'busybox');
  return [
    { name: 'bin/', type: 'directory' },
    { name: 'proc/', type: 'directory' },
    { name: 'tmp/', type: 'directory', mode: 0o1777 },
    { name: 'bin/busybox', mode: 0o755, content: readFileSync('/bin/busybox') },
    ...links.map((name): LayerEntry => ({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' })),
  ];
}

/** An image `name` of busybox and further layers. */
export interface VolumeImage {
  readonly name: string;
  readonly layers: readonly (readonly LayerEntry[])[];
  readonly volumes?: readonly string[];
}

/** Serves images on a free port of loopback. */
export async function serveImages(images: readonly VolumeImage[]): Promise<RegistryServer> {
  const base = { entries: busybox() };
  const served = images.map(async ({ name, layers, volumes = [] }) => ({
    repository: `library/${name}`,
    tag: 'latest',
    content: await buildImage({
      layers: [base, ...layers.map(entries => ({ entries }))],
      config: {
        Cmd: ['sh'],
        Env: ['PATH=/bin'],
        ...(volumes.length === 0 ? {} : { Volumes: Object.fromEntries(volumes.map(path => [path, {}])) }),
      },
    }),
  }));
  return serveRegistry({ images: await Promise.all(served) });
}

/** A tinyd of its own that pulls from a registry of {@link serveImages}. */
export function tinydFor(registry: RegistryServer): Tinyd {
  return new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
}
