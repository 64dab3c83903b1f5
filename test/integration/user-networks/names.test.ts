import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { useTinyd } from '../../support/use-tinyd';

describe('names on networks', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  let network: string;
  before(async () => {
    network = await tinyd.ok('network', 'create', '--ipv6', '--subnet', 'fd00:91::/64', 'app');
    await tinyd.ok('network', 'create', '--internal', 'back');
    await start('client', '--network', 'app', '--network', 'back');
  });

  const start = (name: string, ...flags: string[]): Promise<string> =>
    tinyd.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000');
  /** The addresses that a container finds for a name, sorted. */
  const find = async (name: string, from = 'client'): Promise<string[]> => {
    const { stdout } = await tinyd.run(['exec', from, 'nslookup', name]);
    const answers = stdout.slice(stdout.indexOf('\n\n')).matchAll(/^Address: +(\S+)$/gm);
    return [...answers].map(([, address = '']) => address).sort();
  };
  const zone = (): string[] => readdirSync(join(tinyd.state, 'networks', network, 'names'));

  it('lead to containers, by name, alias and ID, with IPv4 and IPv6', async () => {
    const id = await start('web', '--network', 'app', '--network-alias', 'www');
    const format =
      '{{with index .NetworkSettings.Networks "app"}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}';
    const addresses = (await tinyd.ok('inspect', '-f', format, 'web')).split(' ').sort();
    assert.match(addresses.join(), /fd00:91::/);
    for (const name of ['web', 'www', id.slice(0, 12), 'web.app']) {
      assert.deepEqual(await find(name), addresses, name);
    }
    await tinyd.ok('exec', 'client', 'ping', '-c', '1', '-W', '2', 'web');
    await tinyd.ok('exec', 'client', 'ping6', '-c', '1', '-W', '2', 'web');
    assert.deepEqual(await find('client', 'web'), await find('client'));
    assert.match(await tinyd.ok('exec', 'web', 'cat', '/etc/resolv.conf'), /^nameserver 127\.0\.0\.11\n/);
    assert.doesNotMatch(await tinyd.ok('exec', 'web', 'cat', '/etc/hosts'), /client/);
    assert.equal(
      await tinyd.ok('inspect', '-f', '{{json (index .NetworkSettings.Networks "app").DNSNames}}', 'web'),
      JSON.stringify(['web', 'www', id.slice(0, 12)]),
    );
    await tinyd.ok('rm', '-f', 'web');
  });

  it('come, change and go with the containers', async () => {
    assert.deepEqual(await find('db'), []);
    await start('db', '--network', 'back');
    assert.equal((await find('db')).length, 1);
    await tinyd.ok('rename', 'db', 'store');
    assert.deepEqual([(await find('db')).length, (await find('store')).length], [0, 1]);
    await tinyd.ok('stop', '-t', '0', 'store');
    assert.deepEqual(await find('store'), []);
    await tinyd.ok('start', 'store');
    assert.equal((await find('store')).length, 1);
    await tinyd.ok('rm', '-f', 'store');
    assert.deepEqual(await find('store'), []);
  });

  it('are not those of other networks, nor of the default one', async () => {
    await start('apart', '--network', 'back');
    await start('plain');
    assert.deepEqual(await find('plain'), []);
    assert.equal((await find('apart')).length, 1);
    assert.equal((await find('client', 'apart')).length, 1, 'the address on the common network alone');
    assert.doesNotMatch(await tinyd.ok('exec', 'plain', 'cat', '/etc/resolv.conf'), /127\.0\.0\.11/);
    await tinyd.ok('rm', '-f', 'apart', 'plain');
  });

  it('are found by a container that was started again', async () => {
    const flags = [
      'run',
      '-d',
      '--name',
      'again',
      '--network',
      'app',
      '--restart',
      'on-failure:2',
      'busybox',
    ];
    await tinyd.ok(...flags, 'sh', '-c', 'nslookup -type=a client; nslookup -type=a again; exit 3');
    const state = '{{.State.Status}} {{.RestartCount}}';
    while ((await tinyd.ok('inspect', '-f', state, 'again')) !== 'exited 2') await tinyd.ok('wait', 'again');
    const found = (await tinyd.ok('logs', 'again')).match(/^Name:\s+(client|again)$/gm);
    assert.equal(found?.length, 6, 'two names in each of three runs');
    await tinyd.ok('rm', 'again');
  });

  it('of a container whose monitor was killed are taken back by the next command', async () => {
    const id = await start('lost', '--network', 'app');
    assert.ok(zone().includes(id));
    const pid = Number(await tinyd.ok('inspect', '-f', '{{.State.Pid}}', 'lost'));
    process.kill(monitorOf(pid), 'SIGKILL');
    await tinyd.ok('wait', 'lost');
    await tinyd.ok('ps');
    assert.ok(!zone().includes(id));
    assert.deepEqual(await find('lost'), []);
    await tinyd.ok('rm', 'lost');
  });

  it('of a container that could not start are not kept', async () => {
    const outcome = await tinyd.run(['run', '--name', 'never', '--network', 'app', 'busybox', '/absent']);
    assert.equal(outcome.code, 127);
    assert.equal(zone().length, 1, 'that of the client');
    await tinyd.ok('rm', 'never');
  });

  it('go with their network', async () => {
    await tinyd.ok('rm', '-f', 'client');
    await tinyd.ok('network', 'rm', 'app');
    assert.ok(!existsSync(join(tinyd.state, 'networks', network)));
  });
});

/** The process that has started the container's first one. */
function monitorOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
