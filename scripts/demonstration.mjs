// The main job on an image of our own: pull, create, start, stream, remove, all through the ordinary command.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { root } from './build.mjs';

const require = createRequire(import.meta.url);
const { makeImage, serveRegistry } = require('@tinyd/registry');
const tar = require('tar-stream');

const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/** An image of one layer with one program in it. */
async function demonstrationImage() {
  const pack = tar.pack();
  const program = readFileSync(join(root, 'native', 'build', 'Release', 'tinyd-greeting'));
  pack.entry({ name: 'etc/', type: 'directory', mode: 0o755 });
  pack.entry({ name: 'etc/passwd', mode: 0o644 }, 'root:x:0:0:root:/:/greeting\n');
  pack.entry({ name: 'greeting', mode: 0o755 }, program);
  pack.finalize();
  return makeImage({
    layers: [{ tar: await buffer(pack) }],
    config: { Entrypoint: ['/greeting'] },
    platform: { os: 'linux', architecture: ARCHITECTURES[process.arch] ?? process.arch },
  });
}

/** Shows a command as the user would type it, runs it, and passes its output through. */
function show(args, env) {
  console.log(`\n$ ./tinyd ${args.join(' ')}`);
  return new Promise((done, failed) => {
    const child = spawn(join(root, 'tinyd'), args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', failed);
    child.once('close', code => done(code ?? 1));
  });
}

/** @returns the exit status for `npm start`. */
export async function demonstrate() {
  const base = mkdtempSync(join(tmpdir(), 'tinyd-demonstration-'));
  const env = {
    ...process.env,
    TINYD_ROOT: join(base, 'root'),
    TINYD_STATE: join(base, 'state'),
    NO_PROXY: '*',
    no_proxy: '*',
  };
  const registry = await serveRegistry({
    images: [{ repository: 'tinyd/hello', tag: 'latest', content: await demonstrationImage() }],
  });
  const image = `${registry.host}/tinyd/hello`;
  let status = 0;
  try {
    for (const args of [
      ['pull', image],
      ['create', '--name', 'hello', image],
      ['start', '--attach', 'hello'],
      ['ps', '--all'],
      ['rm', 'hello'],
      ['rmi', image],
    ]) {
      status = await show(args, env);
      if (status !== 0) break;
    }
  } finally {
    await registry.close();
    const { resetNetwork } = createRequire(join(root, 'packages', 'cli', 'package.json'))('@tinyd/runtime');
    const { removeTree } = createRequire(join(root, 'packages', 'store', 'package.json'))('@tinyd/native');
    resetNetwork(env.TINYD_ROOT);
    await removeTree(base);
  }
  if (status !== 0) {
    console.error(`\nthe demonstration failed: the command above ended with ${status}`);
    return status;
  }
  console.log('\nThat was the whole job: no daemon before, none after. Next, with a network:\n');
  console.log('  ./tinyd run --rm -it busybox sh');
  return 0;
}
