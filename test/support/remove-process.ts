// Removes an image in a process of its own, to be killed: node remove-process.js ROOT NAME
import { openStore } from '@tinyd/store';
import { TEST_PLATFORM } from './temporary-store';

const [root = '', name = ''] = process.argv.slice(2);

openStore({ root, platform: TEST_PLATFORM })
  .removeImage(name, { usedBy: () => [] })
  .catch((error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  });
