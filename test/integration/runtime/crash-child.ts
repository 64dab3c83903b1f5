/** Lives through a container's life again and again, until it is killed: `node crash-child ROOT STATE`. */
import { openRuntime } from '@tinyd/runtime';
import { busyboxOptions } from './busybox-root';

const [root = '', state = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const runtime = openRuntime({ root, state });
  process.send?.('ready');
  for (let round = 0; ; round++) {
    const autoRemove = round % 3 === 2;
    const container = await runtime.create(
      busyboxOptions(['sleep', '0.02'], { name: 'victim', network: { mode: 'bridge' }, autoRemove }),
    );
    await container.start();
    if (round % 2 === 0) await container.stop({ timeout: 0 });
    else await container.wait();
    if (!autoRemove) await container.remove();
  }
}

void main();
