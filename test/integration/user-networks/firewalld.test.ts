import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { HOST_ADDRESS, Lab, type Namespace, OUTSIDE_ADDRESS } from '../network/namespace';
import { Firewalld } from './firewalld';
import { NamespacedTinyd } from './namespaced-tinyd';

describe('beside firewalld', function () {
  this.timeout(60_000);
  let lab: Lab;
  let registry: BusyboxRegistry;
  let tinyd: NamespacedTinyd;
  let firewalld: Firewalld;

  before(async function () {
    if (!Firewalld.isInstalled()) this.skip();
    lab = await Lab.create();
    registry = await startBusyboxRegistry();
    firewalld = new Firewalld(lab.host.pid, join(lab.root, 'firewalld'));
    tinyd = new NamespacedTinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}`, ...firewalld.env });
    await tinyd.ok('pull', '-q', 'busybox');
    tinyd.pid = lab.host.pid;
    await firewalld.start();
    await lab.outside.listen('tcp', 7, 'outside');
    await lab.host.listen('tcp', 7000, 'host');
  });
  after(async () => {
    await tinyd?.dispose();
    await firewalld?.close();
    await registry?.close();
    await lab?.close();
  });
  afterEach(async () => {
    await tinyd.removeContainers();
    await tinyd.ok('network', 'prune', '-f');
  });

  const bridgeOf = async (network: string): Promise<string> =>
    `br-${(await tinyd.ok('network', 'inspect', '-f', '{{.Id}}', network)).slice(0, 12)}`;
  const isTrusted = async (bridge: string): Promise<[now: boolean, forGood: boolean]> => {
    const rules = await lab.host.run('nft list chain inet firewalld filter_FORWARD_ZONES');
    return [
      rules.includes(`"${bridge}" goto filter_FWD_trusted`),
      firewalld.zone('trusted').includes(bridge),
    ];
  };
  /** What a container of a network is told by a service, and what the command says of it. */
  const ask = (network: string, address: string, port: number) =>
    tinyd.run(['run', '--rm', '--network', network, 'busybox', 'nc', '-w', '2', address, String(port)]);
  const page = (asker: Namespace, address: string) => asker.run(`curl -sm 9 http://${address}:8080/`);
  const web = (network: string) =>
    tinyd.ok(
      ...['run', '-d', '--name', 'web', '--network', network, '-p', '8080:80'],
      ...['busybox', 'httpd', '-f', '-h', '/www'],
    );

  it('has the bridge trusted, says so once, and takes it back with the network', async () => {
    const first = await tinyd.run(['run', '--rm', 'busybox', 'true']);
    assert.match(first.stderr, /firewalld rejected what tinyd-\w+ forwards: put it into zone trusted\n/);
    assert.equal((await tinyd.run(['run', '--rm', 'busybox', 'true'])).stderr, '');
    await tinyd.ok('network', 'create', 'app');
    const bridge = await bridgeOf('app');
    assert.deepEqual(await isTrusted(bridge), [true, true]);
    await tinyd.ok('network', 'rm', 'app');
    assert.deepEqual(await isTrusted(bridge), [false, false]);
  });

  it('lets containers out and published ports in, and keeps networks apart', async () => {
    for (const network of ['app', 'other', 'inner']) {
      await tinyd.ok('network', 'create', network, ...(network === 'inner' ? ['--internal'] : []));
    }
    await web('app');
    const address = await tinyd.ok('inspect', '-f', '{{.NetworkSettings.Networks.app.IPAddress}}', 'web');
    assert.equal((await ask('app', OUTSIDE_ADDRESS, 7)).stdout, `outside ${HOST_ADDRESS}`);
    assert.match((await ask('app', HOST_ADDRESS, 7000)).stdout, /^host /);
    assert.match(await page(lab.outside, HOST_ADDRESS), /Welcome/);
    assert.match(await page(lab.host, '127.0.0.1'), /Welcome/);
    const request = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 9 ${HOST_ADDRESS} 8080`;
    const asker = ['run', '--rm', '--network', 'other', 'busybox'];
    assert.match(await tinyd.ok(...asker, 'sh', '-c', request), /Welcome/);
    assert.equal((await ask('other', address, 80)).stdout, '');
    assert.equal((await ask('inner', OUTSIDE_ADDRESS, 7)).stdout, '');
    await lab.outside.run(`ip route replace ${address}/32 via ${HOST_ADDRESS}`);
    assert.equal(await lab.outside.knock('tcp', address, 80), 'timeout');
  });

  it('goes on while firewalld is reloaded and started again', async () => {
    await tinyd.ok('network', 'create', 'app');
    await web('app');
    const works = async (when: string) => {
      assert.match(await page(lab.outside, HOST_ADDRESS), /Welcome/, when);
      const out = await tinyd.run(['exec', 'web', 'nc', '-w', '2', OUTSIDE_ADDRESS, '7']);
      assert.match(out.stdout, /^outside /, when);
    };
    await works('before');
    firewalld.command('--reload');
    await works('reloaded');
    await firewalld.stop();
    await works('stopped');
    await firewalld.start();
    await works('started again');
    assert.equal((await ask('app', OUTSIDE_ADDRESS, 7)).stderr, '');
  });

  it('leaves a bridge where its administrator has put it', async () => {
    await tinyd.ok('network', 'create', '-o', 'com.docker.network.bridge.name=tdtest2', 'app');
    firewalld.command('--zone=drop', '--change-interface=tdtest2');
    const outcome = await ask('app', OUTSIDE_ADDRESS, 7);
    assert.deepEqual([outcome.stdout, outcome.stderr.includes('firewalld')], ['', false]);
    assert.deepEqual(firewalld.command('--zone=drop', '--list-interfaces'), 'tdtest2');
  });

  it('says what to do where it cannot be told', async () => {
    await firewalld.stop('SIGKILL');
    await tinyd.ok('network', 'create', '-o', 'com.docker.network.bridge.name=tdtest3', 'app');
    const { stderr } = await ask('app', OUTSIDE_ADDRESS, 7);
    assert.match(
      stderr,
      /cannot be told not to \(.*not running\): .* --zone=trusted --add-interface=tdtest3 /,
    );
    await firewalld.start();
    assert.match((await ask('app', OUTSIDE_ADDRESS, 7)).stdout, /^outside /);
  });
});
