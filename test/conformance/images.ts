import type { ImageProcessConfig } from '@tinyd/core';
import { makeImage, type RegistryServer, type ServedImage, serveRegistry } from '@tinyd/registry';
import { busyboxTar } from '../support/busybox-registry';

/** busybox with `sh` as its command. */
export const PLAIN = 'conformance/plain';
/** busybox with everything else that an image can say of its process. */
export const CONFIGURED = 'conformance/configured';
/** busybox with a volume where its page is. */
export const VOLUMED = 'conformance/volumed';

const PATH = 'PATH=/bin:/usr/bin';

/** Every image of the suite. */
export const IMAGES: Readonly<Record<string, ImageProcessConfig>> = {
  [PLAIN]: { Cmd: ['sh'], Env: [PATH] },
  [VOLUMED]: { Cmd: ['sh'], Env: [PATH], Volumes: { '/www': {} } },
  [CONFIGURED]: {
    Entrypoint: ['/bin/echo', 'entry'],
    Cmd: ['command'],
    Env: [PATH, 'GREETING=hello', 'EMPTY='],
    User: 'app',
    WorkingDir: '/srv/work',
    ExposedPorts: { '80/tcp': {}, '53/udp': {} },
    Labels: { color: 'blue', shape: 'round' },
    StopSignal: 'SIGUSR1',
  },
};

/** Serves the images on a free port of loopback, where every engine speaks plain HTTP. */
export async function serveImages(): Promise<RegistryServer> {
  const tar = await busyboxTar();
  const images: ServedImage[] = [];
  for (const [repository, config] of Object.entries(IMAGES))
    images.push({ repository, tag: 'latest', content: await makeImage({ layers: [{ tar }], config }) });
  return serveRegistry({ images });
}
