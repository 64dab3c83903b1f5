import { strict as assert } from 'node:assert';
import { PLAIN } from './images';
import { useEngine } from './suite';

/** On what the tests make, and nobody else has. */
const LABEL = 'conformance-prune';
const FILTER = ['--filter', `label=${LABEL}`];
const NETWORK = 'conformance-prune';
const MADE = 'conformance/pruned';

describe('prune', () => {
  const engine = useEngine();
  afterEach(async () => {
    await engine.run(['network', 'rm', NETWORK]);
    await engine.run(['volume', 'rm', '-f', NETWORK]);
    await engine.run(['rmi', '-f', MADE]);
  });
  const list = async (...words: string[]): Promise<string[]> =>
    (await engine.ok(...words, '-q', '-f', `label=${LABEL}`)).split('\n').filter(Boolean);

  it('of containers removes those that do not run', async () => {
    const ended = await engine.ok('create', '--label', LABEL, PLAIN);
    const other = await engine.ok('create', PLAIN);
    const running = await engine.ok('run', '-d', '--label', LABEL, PLAIN, 'sleep', '100');
    const said = await engine.ok('container', 'prune', '-f', ...FILTER);
    assert.match(said, new RegExp(`^Deleted Containers:\n${ended}\n\nTotal reclaimed space: \\S+$`));
    assert.deepEqual(await list('ps', '-a', '--no-trunc'), [running]);
    assert.match(await engine.ok('ps', '-aq', '--no-trunc'), new RegExp(other));
    assert.equal(await engine.ok('container', 'prune', '-f', ...FILTER), 'Total reclaimed space: 0B');
  });

  it('asks, and removes nothing when the answer is no', async () => {
    const id = await engine.ok('create', '--label', LABEL, PLAIN);
    const { stdout } = await engine.run(['container', 'prune', ...FILTER], 'n\n');
    assert.match(
      stdout,
      /^WARNING! This will remove all stopped containers\.[\s\S]*Are you sure you want to continue\? \[y\/N\]/,
    );
    assert.deepEqual(await list('ps', '-a', '--no-trunc'), [id]);
    await engine.run(['container', 'prune', ...FILTER], 'y\n');
    assert.deepEqual(await list('ps', '-a'), []);
  });

  it('of images removes those without a name, and with -a those without a container', async () => {
    await engine.ok('create', '--name', 'box', PLAIN);
    const change = ['-c', `LABEL ${LABEL}=`];
    const id = await engine.ok('commit', ...change, 'box');
    await engine.ok('commit', ...change, '-m', 'named', 'box', MADE);
    assert.match(
      await engine.ok('image', 'prune', '-f', ...FILTER),
      new RegExp(`^Deleted Images:\n[\\s\\S]*deleted: ${id}`),
    );
    assert.deepEqual((await list('images')).length, 1);
    await engine.ok('create', '--name', 'user', MADE);
    await engine.ok('image', 'prune', '-af', ...FILTER);
    assert.deepEqual((await list('images')).length, 1, 'a container has it');
    await engine.ok('rm', 'user');
    assert.deepEqual(
      await engine.ok('image', 'prune', '-f', '--filter', 'dangling=true', ...FILTER),
      'Total reclaimed space: 0B',
    );
    assert.match(await engine.ok('image', 'prune', '-af', ...FILTER), new RegExp(`untagged: ${MADE}:latest`));
    assert.deepEqual(await list('images'), []);
  });

  it('of volumes removes the anonymous ones, and with -a those with a name', async () => {
    const anonymous = await engine.ok('volume', 'create', '--label', LABEL);
    await engine.ok('volume', 'create', '--label', LABEL, NETWORK);
    assert.match(
      await engine.ok('volume', 'prune', '-f', ...FILTER),
      new RegExp(`^Deleted Volumes:\n${anonymous}\n`),
    );
    await engine.ok('create', '--name', 'user', '-v', `${NETWORK}:/v`, PLAIN);
    await engine.ok('volume', 'prune', '-af', ...FILTER);
    assert.deepEqual(await list('volume', 'ls'), [NETWORK]);
    await engine.ok('rm', 'user');
    await engine.ok('volume', 'prune', '-af', ...FILTER);
    assert.deepEqual(await list('volume', 'ls'), []);
  });

  it('of networks removes those without a container', async () => {
    await engine.ok('network', 'create', '--label', LABEL, NETWORK);
    await engine.ok('run', '-d', '--name', 'user', '--network', NETWORK, PLAIN, 'sleep', '100');
    assert.equal(await engine.ok('network', 'prune', '-f', ...FILTER), '');
    await engine.ok('rm', '-f', 'user');
    assert.equal(await engine.ok('network', 'prune', '-f', ...FILTER), `Deleted Networks:\n${NETWORK}`);
    assert.deepEqual(await list('network', 'ls'), []);
  });

  it('of the system does all of it but named volumes', async () => {
    await engine.ok('create', '--label', LABEL, PLAIN);
    await engine.ok('network', 'create', '--label', LABEL, NETWORK);
    await engine.ok('volume', 'create', '--label', LABEL, NETWORK);
    const said = await engine.ok('system', 'prune', '-f', '--volumes', ...FILTER);
    for (const kind of ['Containers', 'Networks']) assert.match(said, new RegExp(`^Deleted ${kind}:$`, 'm'));
    assert.match(said, /^Total reclaimed space: \S+$/m);
    assert.deepEqual(await list('ps', '-a'), []);
    assert.deepEqual(await list('network', 'ls'), []);
    assert.deepEqual(await list('volume', 'ls'), [NETWORK]);
  });
});
