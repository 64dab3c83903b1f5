// Pulls in a process of its own, to be killed or to compete: node pull-process.js ROOT REFERENCE
import { parseReference } from '@tinyd/core';
import { openStore } from '@tinyd/store';
import { TEST_PLATFORM, testClient } from './temporary-store';

async function main(): Promise<void> {
  const [root = '', reference = ''] = process.argv.slice(2);
  const client = testClient();
  const store = openStore({ root, platform: TEST_PLATFORM });
  const options = { platform: TEST_PLATFORM, explicitPlatform: false };
  const result = await store.pull(client, parseReference(reference), options);
  await client.close();
  process.stdout.write(JSON.stringify(result));
}

main().catch((error: unknown) => {
  process.stderr.write(String(error));
  process.exitCode = 1;
});
