import { strict as assert } from 'node:assert';
import { existsSync } from 'node:fs';
import { makeImage, type RegistryServer, serveRegistry } from '@tinyd/registry';
import { busyboxImage } from '../../support/busybox-registry';
import { tarOf } from '../../support/image-builder';
import { Tinyd } from '../../support/tinyd';

/** Two layers that make sense together only, and links that try to lead out. */
async function dataImage(layers = 2) {
  const lower = await tarOf([
    { name: 'share/', type: 'directory' },
    { name: 'share/kept', content: 'lower\n' },
    { name: 'share/gone', content: 'lower\n' },
    { name: 'share/changed', content: 'lower\n' },
    { name: 'file', content: 'one file\n' },
    { name: 'out', type: 'symlink', linkname: '../../../../../../etc' },
    { name: 'absolute', type: 'symlink', linkname: '/share' },
  ]);
  const upper = await tarOf([
    { name: 'share/.wh.gone', content: '' },
    { name: 'share/changed', content: 'upper\n' },
  ]);
  return makeImage({ layers: [{ tar: lower }, { tar: upper }].slice(0, layers), config: {} });
}

describe('mounts of images', function () {
  this.timeout(60_000);
  let registry: RegistryServer;
  let tinyd: Tinyd;

  before(async () => {
    registry = await serveRegistry({
      images: [
        { repository: 'library/busybox', tag: 'latest', content: await busyboxImage() },
        { repository: 'library/data', tag: 'latest', content: await dataImage() },
        { repository: 'library/single', tag: 'latest', content: await dataImage(1) },
      ],
    });
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    for (const name of ['busybox', 'data', 'single']) await tinyd.ok('pull', '-q', name);
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });

  const inside = (mount: string, script: string): Promise<string> =>
    tinyd.ok('run', '--rm', '--network', 'none', '--mount', mount, 'busybox', 'sh', '-c', script);

  it('show what its layers make together, read-only', async () => {
    const script = 'cd /data; cat share/kept share/changed; ls share; echo x > new; echo x > share/kept';
    const start = ['run', '--rm', '--network', 'none', '--mount', 'type=image,source=data,target=/data'];
    const { stdout, stderr } = await tinyd.run([...start, 'busybox', 'sh', '-c', script]);
    assert.equal(stdout, 'lower\nupper\nchanged\nkept\n');
    assert.equal(stderr.match(/Read-only file system/g)?.length, 2, stderr);
    assert.equal(await inside('type=image,src=single,dst=/data', 'cat /data/share/gone'), 'lower');
  });

  it('show a part of it: a folder, or a file', async () => {
    const part = (path: string) => `type=image,src=data,dst=/data,image-subpath=${path}`;
    assert.equal(await inside(part('share'), 'ls /data'), 'changed\nkept');
    assert.equal(await inside(part('file'), 'cat /data'), 'one file');
    assert.equal(await inside(part('absolute'), 'ls /data'), 'changed\nkept');
    const { code, stderr } = await tinyd.run([
      'run',
      '--rm',
      '--network',
      'none',
      '--mount',
      part('nosuch'),
      'busybox',
      'true',
    ]);
    assert.equal(code, 125);
    assert.match(stderr, /mount nosuch: no such file or folder/);
  });

  it('never lead out of the image by its links', async () => {
    const mount = 'type=image,src=data,dst=/data,image-subpath=out';
    const { code, stderr } = await tinyd.run([
      'run',
      '--rm',
      '--network',
      'none',
      '--mount',
      mount,
      'busybox',
      'true',
    ]);
    assert.equal(code, 125);
    assert.match(stderr, /mount out: no such file or folder/);
  });

  it('hide nothing of the container’s own root, and leave no mount behind it', async () => {
    const mounts = await inside(
      'type=image,src=data,dst=/data',
      'grep -c overlay /proc/mounts; ls /bin/busybox',
    );
    assert.equal(mounts, '2\n/bin/busybox');
  });

  it('keep the image from being removed', async () => {
    await tinyd.ok(
      'create',
      '--name',
      'c',
      '--mount',
      'type=image,src=data,dst=/data',
      'busybox',
      'cat',
      '/data/file',
    );
    const { code, stderr } = await tinyd.run(['rmi', 'data']);
    assert.equal(code, 2);
    assert.match(stderr, /container c \([0-9a-f]{12}\) uses/);
    assert.match(await tinyd.ok('image', 'prune', '-af'), /^(?![\s\S]*data:latest)/);
    assert.equal(await tinyd.ok('start', '-a', 'c'), 'one file');
    const shown = '{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}{{end}}';
    assert.equal(await tinyd.ok('inspect', '-f', shown, 'c'), 'image data /data false');
    await tinyd.ok('rm', 'c');
    await tinyd.ok('rmi', 'data');
    assert.equal((await tinyd.run(['inspect', 'data'])).code, 1);
    assert.ok(existsSync(tinyd.root));
  });

  it('are refused when they cannot be', async () => {
    const refusals: [string, RegExp][] = [
      ['type=image,src=nosuch,dst=/data', /nosuch.*ERR_TINYD_IMAGE_NOT_FOUND/],
      ['type=image,dst=/data', /it names no image/],
      ['type=image,src=busybox,dst=/data,readonly=false', /images are mounted read-only/],
      ['type=image,src=busybox,dst=/data,image-subpath=../x', /without \.\./],
      ['type=image,src=busybox,dst=/', /root cannot be mounted over/],
      ['type=image,src=busybox,dst=/data,volume-nocopy', /volume-nocopy is for mounts of type volume/],
    ];
    for (const [mount, message] of refusals) {
      const { code, stderr } = await tinyd.run(['create', '--mount', mount, 'busybox']);
      assert.equal(code, 125, mount);
      assert.match(stderr, message);
    }
  });
});
