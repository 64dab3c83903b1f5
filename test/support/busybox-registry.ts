import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { type ImageContent, makeImage, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { pack } from 'tar-stream';

/** A registry that serves library/busybox:latest, made of this machine's static busybox. */
export type BusyboxRegistry = RegistryServer;

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\napp:x:1000:1000::/home/app:/bin/sh\n';
const GROUP = 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n';

/** The files of the image: applets, accounts and a page to serve. */
export async function busyboxTar(): Promise<Uint8Array> {
  const archive = pack();
  const folder = (name: string, mode = 0o755) => archive.entry({ name, type: 'directory', mode });
  for (const name of ['bin/', 'etc/', 'root/', 'www/', 'home/', 'proc/', 'sys/', 'dev/', 'var/'])
    folder(name);
  folder('tmp/', 0o1777);
  archive.entry({ name: 'home/app/', type: 'directory', mode: 0o750, uid: 1000, gid: 1000 });
  archive.entry({ name: 'etc/passwd', mode: 0o644 }, PASSWD);
  archive.entry({ name: 'etc/group', mode: 0o644 }, GROUP);
  archive.entry({ name: 'www/index.html', mode: 0o644 }, '<h1>Welcome to busybox!</h1>\n');
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync('/bin/busybox'));
  const applets = execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).split('\n');
  for (const name of applets.filter(each => each !== '' && each !== 'busybox')) {
    archive.entry({ name: `bin/${name}`, type: 'symlink', linkname: 'busybox' });
  }
  archive.finalize();
  return buffer(archive);
}

let image: Promise<ImageContent> | undefined;

/** The image, built once a process. */
export function busyboxImage(): Promise<ImageContent> {
  image ??= busyboxTar().then(tar =>
    makeImage({ layers: [{ tar }], config: { Cmd: ['sh'], Env: ['PATH=/bin:/usr/bin'] } }),
  );
  return image;
}

/** Serves it on a free port of loopback. */
export async function startBusyboxRegistry(): Promise<BusyboxRegistry> {
  return serveRegistry({
    images: [{ repository: 'library/busybox', tag: 'latest', content: await busyboxImage() }],
  });
}
