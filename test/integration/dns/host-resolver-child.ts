/** Run in a mount namespace whose /etc/resolv.conf is the file given: prints what a container got with each content. */
import { writeFileSync } from 'node:fs';
import { ResolverBox } from './resolver-box';
import { Upstream } from './upstream';

const STEPS = [
  ['none', '# nameserver 127.53.1.1\nsearch example.org\n'],
  ['first', 'domain x\nnameserver\t127.53.1.1 # systemd says 127.0.0.53\noptions edns0\n'],
  ['second', 'nameserver nonsense\nnameserver 127.53.1.2\n'],
  ['both, the first dead', 'nameserver 127.53.1.9\nnameserver 127.53.1.2\nnameserver ::1\n'],
] as const;

async function main(file: string): Promise<void> {
  const addresses = ['127.53.1.1', '127.53.1.2'];
  const servers = await Promise.all(addresses.map(address => Upstream.start(address, address)));
  const box = await ResolverBox.start({ upstream: 'host' });
  const seen: string[][] = [];
  try {
    for (const [name, text] of STEPS) {
      writeFileSync(file, text);
      const { code, data } = await box.ask('a.example');
      seen.push([name, data[0] ?? code]);
    }
  } finally {
    await box.remove();
    for (const server of servers) await server.close();
  }
  process.stdout.write(JSON.stringify(seen));
}

void main(process.argv[2] ?? '');
