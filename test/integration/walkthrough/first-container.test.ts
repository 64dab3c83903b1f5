import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { freePort, httpGet } from '../../support/http';
import { Tinyd } from '../../support/tinyd';

describe('from an image name to a container that is reached, stopped and removed', () => {
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;

  before(async () => {
    registry = await startBusyboxRegistry();
  });
  after(() => registry.close());

  beforeEach(() => {
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
  });
  afterEach(() => tinyd.dispose());

  it('pulls, lists, inspects and tells the history offline', async () => {
    const pulled = await tinyd.run(['pull', 'busybox']);
    assert.equal(pulled.code, 0, pulled.stderr);
    assert.match(pulled.stdout, /^docker\.io\/library\/busybox:latest$/m);
    const again = await tinyd.run(['pull', 'busybox']);
    assert.match(again.stdout + again.stderr, /Image is up to date/);

    const images = (await tinyd.ok('images')).split('\n');
    assert.match(images[0] ?? '', /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE$/);
    assert.match(images[1] ?? '', /^busybox +latest +[0-9a-f]{12} +/);

    const [inspected] = JSON.parse(await tinyd.ok('inspect', 'busybox')) as {
      Id: string;
      RepoTags: string[];
      GraphDriver: { Data: { LowerDir?: string; UpperDir?: string } };
    }[];
    assert.match(inspected?.Id ?? '', /^sha256:[0-9a-f]{64}$/);
    assert.deepEqual(inspected?.RepoTags, ['busybox:latest']);
    const lower =
      (inspected?.GraphDriver.Data.LowerDir ?? inspected?.GraphDriver.Data.UpperDir ?? '').split(':')[0] ??
      '';
    assert.ok(existsSync(join(lower, 'bin', 'busybox')), `no busybox in ${lower}`);
    assert.match(await tinyd.ok('history', 'busybox'), /^IMAGE +CREATED +CREATED BY +SIZE +COMMENT/);
  });

  it('creates, starts, serves on a published port, logs, executes, stops and starts again', async () => {
    const port = await freePort();
    await tinyd.ok('pull', '-q', 'busybox');
    const id = await tinyd.ok(
      ...['create', '--name', 'web', '-p', `${port}:80`, '-m', '64m', '--cpus', '0.5', 'busybox'],
      ...['httpd', '-f', '-v', '-h', '/www'],
    );
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await tinyd.ok('start', 'web'), 'web');
    assert.match(await httpGet(`http://127.0.0.1:${port}/`), /Welcome/);

    const rows = (await tinyd.ok('ps')).split('\n');
    assert.match(rows[0] ?? '', /^CONTAINER ID +IMAGE +COMMAND +CREATED +STATUS +PORTS +NAMES$/);
    assert.match(
      rows[1] ?? '',
      new RegExp(`^${id.slice(0, 12)} +busybox +"httpd .*Up .*0\\.0\\.0\\.0:${port}->80/tcp.* web$`),
    );
    assert.match((await tinyd.run(['logs', 'web'])).stderr, /response:200/);
    assert.equal(await tinyd.ok('exec', 'web', 'cat', '/etc/hostname'), id.slice(0, 12));

    assert.equal(await tinyd.ok('stop', '-t', '1', 'web'), 'web');
    assert.match(await tinyd.ok('ps', '-a'), /Exited \((137|143|0)\)/);
    assert.equal(await tinyd.ok('ps', '-q'), '');
    await tinyd.ok('start', 'web');
    assert.match(await httpGet(`http://127.0.0.1:${port}/`), /Welcome/);
    assert.equal(await tinyd.ok('rm', '-f', 'web'), 'web');
    assert.deepEqual(tinyd.containerFolders(), []);
    assert.match(await tinyd.ok('rmi', 'busybox'), /Untagged: busybox:latest[\s\S]*Deleted: sha256:/);
    assert.deepEqual(readdirSync(join(tinyd.root, 'layers')), []);
  });

  it('runs in the foreground with its exit status, and detached with wait', async () => {
    const inside = await tinyd.run(['run', '--rm', 'busybox', 'sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual([inside.code, inside.stdout], [7, 'out\n']);
    assert.match(inside.stderr, /err\n$/);
    await tinyd.ok('run', '-d', '--name', 's', 'busybox', 'sh', '-c', 'sleep 0.3; exit 3');
    assert.equal(await tinyd.ok('wait', 's'), '3');
    assert.match(await tinyd.ok('ps', '-a'), /Exited \(3\)/);
  });

  it('pipes standard input through a container', async () => {
    const bytes = Buffer.alloc(300_000, 'tinyd ');
    const outcome = await tinyd.run(['run', '--rm', '-i', 'busybox', 'sha256sum'], bytes);
    const { createHash } = await import('node:crypto');
    assert.equal(outcome.stdout, `${createHash('sha256').update(bytes).digest('hex')}  -\n`);
  });

  it('reports a detached container that ended by itself, with nothing of tinyd running', async () => {
    await tinyd.ok('run', '-d', '--name', 'brief', 'busybox', 'true');
    await sleep(300);
    assert.match(await tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), /^brief Exited \(0\)/);
  });
});
