import type { RegistryServer } from '@tinyd/registry';
import { startBusyboxRegistry } from './busybox-registry';
import { Tinyd } from './tinyd';

/** A tinyd with the busybox image for the tests of a `describe`, which share it. */
export function useTinyd(): Tinyd {
  const tinyd = new Tinyd();
  let registry: RegistryServer;
  before(async () => {
    registry = await startBusyboxRegistry();
    await pullBusybox(tinyd, registry);
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });
  return tinyd;
}

/** The same, with new folders for each test. */
export function useFreshTinyd(): Tinyd {
  const tinyd = new Tinyd();
  let registry: RegistryServer;
  before(async () => {
    registry = await startBusyboxRegistry();
  });
  beforeEach(() => pullBusybox(tinyd, registry));
  afterEach(() => tinyd.dispose());
  after(() => registry.close());
  return tinyd;
}

async function pullBusybox(tinyd: Tinyd, registry: RegistryServer): Promise<void> {
  tinyd.extraEnv.TINYD_REGISTRY_MIRROR = `docker.io=${registry.url}`;
  await tinyd.ok('pull', '-q', 'busybox');
}
