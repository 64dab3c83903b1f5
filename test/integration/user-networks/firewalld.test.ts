import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

/** Where firewalld decides on what is forwarded, without the reject that it ends with. */
const TABLE = 'add table inet firewalld; add chain inet firewalld filter_FORWARD_POLICIES';

describe('beside firewalld', () => {
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;
  const nft = (commands: string) => execFileSync('nft', [commands]);
  const zone = (link: string) =>
    nft(`add rule inet firewalld filter_FORWARD_POLICIES iifname "${link}" accept`);
  const warnings = async (...flags: string[]): Promise<string> =>
    (await tinyd.run(['run', '--rm', ...flags, 'busybox', 'true'])).stderr;

  before(async () => {
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
  });
  after(async () => {
    await tinyd.dispose();
    await registry.close();
  });
  afterEach(() => nft('delete table inet firewalld'));

  it('says which zone is missing, until the bridge is in one', async () => {
    nft(TABLE);
    zone('eth7');
    await tinyd.ok('network', 'create', 'one', '-o', 'com.docker.network.bridge.name=tinyd-test-one');
    await tinyd.ok('network', 'create', 'inner', '--internal');
    assert.match(
      await warnings('--network', 'one'),
      /firewalld may reject what tinyd-test-one forwards.* --zone=trusted --add-interface=tinyd-test-one /,
    );
    assert.equal(await warnings('--network', 'inner'), '');
    assert.equal(await warnings('--network', 'none'), '');
    zone('tinyd-test-one');
    assert.equal(await warnings('--network', 'one'), '');
    await tinyd.ok('network', 'rm', 'one', 'inner');
  });
});
