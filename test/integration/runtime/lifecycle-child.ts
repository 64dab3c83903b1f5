/**
 * Lives through a container's life again and again: `node lifecycle-child ROOT STATE NAME ROUNDS`. Ends when it is killed,
 * or after so many rounds.
 */
import { openRuntime } from '@tinyd/runtime';
import { busyboxOptions } from './busybox-root';

const [root = '', state = '', name = '', rounds = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const runtime = openRuntime({ root, state });
  process.send?.('ready');
  for (let round = 0; round < Number(rounds); round++) {
    const autoRemove = round % 3 === 2;
    const options = { name, network: { mode: 'bridge' }, autoRemove } as const;
    const container = await runtime.create(busyboxOptions(['sleep', '0.02'], options));
    await container.start();
    const ending = round % 2 === 0 ? container.stop({ timeout: 0 }) : container.wait();
    await ending.catch(error => {
      // With --rm it may have ended, and be gone, before we asked.
      if (!autoRemove || error.code !== 'ERR_TINYD_CONTAINER_NOT_FOUND') throw error;
    });
    if (!autoRemove) await container.remove();
  }
  process.disconnect?.();
}

void main();
