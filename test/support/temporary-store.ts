import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HostPlatform, hostPlatform, parsePlatform, parseReference } from '@tinyd/core';
import { RegistryClient, type RegistryServer } from '@tinyd/registry';
import { openStore, type PullEvent, type PullResult, type Store } from '@tinyd/store';

/** The platform that tests pull for unless they say otherwise, whatever machine they run on. */
export const TEST_PLATFORM: HostPlatform = hostPlatform('x64', '');

/** A store in a folder of its own, on the fastest disk there is. */
export interface TemporaryStore {
  readonly root: string;
  readonly store: Store;
  remove(): void;
}

export function temporaryStore(): TemporaryStore {
  const root = temporaryFolder('store');
  const store = openStore({ root, platform: TEST_PLATFORM });
  return { root, store, remove: () => rmSync(root, { recursive: true, force: true }) };
}

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `tinyd-test-${name}-`));
}

/** How a test pulls. */
export interface TestPull {
  /** As given with --platform. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: PullEvent) => void;
}

/** Pulls `name` (`library/app:latest`) from a registry of the test into a store. */
export async function pullFrom(
  server: RegistryServer,
  store: Store,
  name: string,
  { platform, signal, onEvent }: TestPull = {},
): Promise<PullResult> {
  const client = testClient();
  try {
    return await store.pull(client, parseReference(`${server.host}/${name}`), {
      platform: platform ? parsePlatform(platform, TEST_PLATFORM) : TEST_PLATFORM,
      explicitPlatform: platform !== undefined,
      ...(signal && { signal }),
      ...(onEvent && { onEvent }),
    });
  } finally {
    await client.close();
  }
}

/** A client that does not wait long before it tries again. */
export function testClient(): RegistryClient {
  return new RegistryClient({
    env: {},
    configPath: '/nonexistent',
    retry: { attempts: 3, baseMs: 10, maxMs: 50 },
    stallTimeoutMs: 500,
  });
}
