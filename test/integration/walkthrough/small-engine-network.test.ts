import { strict as assert } from 'node:assert';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../support/eventually';
import { freePort, httpGet } from '../../support/http';
import { useTinyd } from '../../support/use-tinyd';

/** What the small engines in books and courses show of networks, and of containers in the background. */
describe('a network of containers, made by hand', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  afterEach(async () => {
    await tinyd.removeContainers();
    await tinyd.run(['network', 'remove', 'bird']);
  });

  const map = (): string => readFileSync(join(tinyd.root, 'networks', 'bird.bitmap'), 'latin1').slice(0, 6);
  const addressOf = (name: string): Promise<string> =>
    tinyd.ok('inspect', '-f', '{{.NetworkSettings.Networks.bird.IPAddress}}', name);
  const start = (name: string, ...words: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', name, ...words);

  it('gives out .2, .3 and .4, reaches from each to each, and remembers who has what', async () => {
    await tinyd.ok('network', 'create', '--driver', 'bridge', '--subnet', '192.168.77.0/24', 'bird');
    assert.match(await tinyd.ok('network', 'list'), /^[0-9a-f]{12} +bird +bridge +local$/m);
    assert.equal(map(), '110000', 'the network itself and its gateway');
    const names = ['one', 'two', 'three'];
    for (const name of names) await start(name, '-it', '--net', 'bird', 'busybox', 'sh');
    assert.deepEqual(
      await Promise.all(names.map(addressOf)),
      names.map((_, index) => `192.168.77.${index + 2}`),
    );
    assert.equal(map(), '111110');
    for (const from of names) {
      const all = ['192.168.77.1', '192.168.77.2', '192.168.77.3', '192.168.77.4'];
      const ask = `for a in ${all.join(' ')}; do ping -c 1 -W 5 $a >/dev/null || echo $a; done`;
      assert.equal(await tinyd.ok('exec', from, 'sh', '-c', ask), '', `not reached from ${from}`);
    }
    await tinyd.ok('rm', '-f', 'two');
    assert.equal(map(), '111010', 'a container gives its address back');
    assert.match((await tinyd.run(['network', 'remove', 'bird'])).stderr, /one/);
    await tinyd.ok('rm', '-f', 'one', 'three');
    assert.equal(map(), '110000');
    await tinyd.ok('network', 'remove', 'bird');
    assert.doesNotMatch(await tinyd.ok('network', 'list'), /bird/);
  });

  it('shows a page to the world, which counts its visits in another container', async () => {
    const programs = join(tinyd.base, 'cgi-bin');
    mkdirSync(programs);
    const program = (name: string, lines: string): void =>
      writeFileSync(
        join(programs, name),
        `#!/bin/sh\nprintf 'Content-Type: text/plain\\r\\n\\r\\n'\n${lines}\n`,
        { mode: 0o755 },
      );
    program('visit', 'echo "visit $(wget -q -O- http://store/cgi-bin/count)"');
    program('count', 'n=$(cat /data/n 2>/dev/null); echo $((n + 1)) | tee /data/n');
    await tinyd.ok('network', 'create', 'bird');
    const serve = ['-v', `${programs}:/www/cgi-bin:ro`, 'busybox', 'httpd', '-f', '-h', '/www'];
    const port = await freePort();
    await start('store', '--net', 'bird', '-v', 'counts:/data', ...serve);
    await start('page', '--net', 'bird', '-p', `${port}:80`, ...serve);
    const visit = () => httpGet(`http://127.0.0.1:${port}/cgi-bin/visit`);
    assert.equal(await visit(), 'visit 1\n');
    assert.equal(await visit(), 'visit 2\n');
    // What counts outlives the container that did.
    await tinyd.ok('rm', '-f', 'store');
    await start('store', '--net', 'bird', '-v', 'counts:/data', ...serve);
    await eventually('the next visit is the third', async () => (await visit()) === 'visit 3\n');
  });

  it('tells how one in the background ended by itself, and starts it again', async () => {
    await start('bird', 'busybox', 'sh', '-c', 'echo run >> /log; cat /log; exit 3');
    const row = () => tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}');
    await eventually('ps -a shows the end', async () => (await row()).startsWith('bird Exited (3)'));
    assert.equal(await tinyd.ok('ps', '-q'), '');
    assert.equal(await tinyd.ok('logs', 'bird'), 'run');
    await tinyd.ok('start', 'bird');
    assert.equal(await tinyd.ok('wait', 'bird'), '3');
    assert.equal(await tinyd.ok('logs', 'bird'), 'run\nrun\nrun', 'it has the files that it had');
    assert.match(await tinyd.ok('ps', '-a', '-f', 'status=exited', '-f', 'exited=3'), / bird$/m);
    await tinyd.ok('rm', 'bird');
    assert.equal(await row(), '');
  });

  it('holds each container to limits of its own, of memory and of CPUs', async () => {
    const files = [
      'memory/memory.limit_in_bytes',
      'cpu/cpu.shares',
      'cpu/cpu.cfs_quota_us',
      'cpuset/cpuset.cpus',
    ];
    const onV2 = ['memory.max', 'cpu.weight', 'cpu.max', 'cpuset.cpus'];
    await start('small', '-m', '100m', '-c', '512', '--cpuset-cpus', '0', 'busybox', 'sleep', '300');
    await start('large', '-m', '200m', '-c', '2048', '--cpus', '0.5', 'busybox', 'sleep', '300');
    const limits = async (name: string): Promise<string[]> => {
      const { stdout } = await tinyd.run([
        'exec',
        '-w',
        '/sys/fs/cgroup',
        name,
        'sh',
        '-c',
        `cat ${[...files, ...onV2].join(' ')} 2>/dev/null`,
      ]);
      return stdout.trim().split('\n');
    };
    const [small, large] = [await limits('small'), await limits('large')];
    assert.deepEqual([small[0], large[0]], [String(100 * 2 ** 20), String(200 * 2 ** 20)]);
    assert.notEqual(small[1], large[1]);
    assert.match(large[2] ?? '', /^50000/);
    assert.equal(small[3], '0');
  });
});
