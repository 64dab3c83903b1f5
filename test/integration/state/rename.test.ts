import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { outcomeOf } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

const LONG = ['busybox', 'sleep', '300'];

describe('rename', function () {
  this.timeout(120_000);
  const tinyd = useFreshTinyd();

  const listed = (): Promise<string> => tinyd.ok('ps', '-a', '--format', '{{.Names}} {{.State}}');
  const links = (): string[] => readdirSync(join(tinyd.root, 'names')).filter(name => name !== '.lock');

  it('of a running container frees the old name at once, and all verbs know the new one', async () => {
    const id = await tinyd.ok('run', '-d', '--name', 'old', ...LONG);
    assert.equal(await tinyd.ok('rename', 'old', 'new'), '');
    assert.equal(await listed(), 'new running');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.Name}} {{.Id}}', 'new'), `/new ${id}`);
    assert.equal((await tinyd.run(['inspect', 'old'])).code, 1);
    assert.equal(await tinyd.ok('exec', 'new', 'hostname'), id.slice(0, 12));
    await tinyd.ok('create', '--name', 'old', ...LONG);
    await tinyd.ok('stop', '-t', '0', 'new');
    await tinyd.ok('start', 'new');
    await tinyd.ok('rm', '-f', 'new');
    assert.deepEqual(links(), ['old']);
    await tinyd.ok('rm', 'old');
    assert.deepEqual(links(), []);
  });

  it('refuses a name that is taken, its own, or no name', async () => {
    await tinyd.ok('create', '--name', 'a', ...LONG);
    const b = await tinyd.ok('create', '--name', 'b', ...LONG);
    const taken = await tinyd.run(['rename', 'a', 'b']);
    assert.equal(taken.code, 1);
    assert.match(taken.stderr, new RegExp(`use name b: container ${b.slice(0, 12)} has it`));
    assert.match((await tinyd.run(['rename', 'a', 'a'])).stderr, /it has this name already/);
    assert.match((await tinyd.run(['rename', 'a', '../x'])).stderr, /not a container name/);
    assert.match((await tinyd.run(['rename', 'nobody', 'x'])).stderr, /no such container/);
    assert.deepEqual((await listed()).split('\n').sort(), ['a created', 'b created']);
  });

  it('of a --rm container keeps its end from taking the name of another', async () => {
    await tinyd.ok('run', '-d', '--rm', '--name', 'web', ...LONG);
    await tinyd.ok('rename', 'web', 'web-old');
    const successor = await tinyd.ok('run', '-d', '--rm', '--name', 'web', ...LONG);
    await tinyd.ok('stop', '-t', '0', 'web-old');
    assert.equal(await listed(), 'web running');
    assert.equal(await tinyd.ok('inspect', '-f', '{{.Id}}', 'web'), successor);
    await tinyd.ok('create', '--name', 'web-old', ...LONG);
    await tinyd.ok('rm', 'web-old');
    await tinyd.ok('stop', '-t', '0', 'web');
    assert.deepEqual(links(), []);
  });

  it('of a --rm container leaves a name that the next create sweeps', async () => {
    await tinyd.ok('run', '-d', '--rm', '--name', 'web', ...LONG);
    await tinyd.ok('rename', 'web', 'brief');
    await tinyd.ok('stop', '-t', '0', 'brief');
    assert.equal(await listed(), '');
    await tinyd.ok('create', '--name', 'other', ...LONG);
    assert.deepEqual(links(), ['other']);
  });

  it('killed at any moment leaves exactly one name, and both can be used', async () => {
    // No names that could be the beginning of an ID.
    await tinyd.ok('create', '--name', 'one', ...LONG);
    let [from, to] = ['one', 'two'];
    for (const moment of [10, 20, 30, 35, 40, 45, 50, 55, 60, 70, 90, 120]) {
      const child = tinyd.spawn(['rename', from, to], { stdio: ['ignore', 'pipe', 'pipe'] });
      const outcome = outcomeOf(child);
      await sleep(moment);
      child.kill('SIGKILL');
      await outcome;
      const name = (await tinyd.ok('ps', '-a', '--format', '{{.Names}}')).trim();
      assert.ok(name === from || name === to, `it is called ${name}`);
      const free = name === 'one' ? 'two' : 'one';
      assert.equal((await tinyd.run(['inspect', free])).code, 1, 'it goes by two names');
      await tinyd.ok('create', '--name', free, ...LONG);
      await tinyd.ok('rm', free);
      [from, to] = [name, free];
    }
    await tinyd.ok('rm', from);
    assert.deepEqual(links(), []);
  });

  it('by several at once to one name lets one of them win', async () => {
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) await tinyd.ok('create', '--name', name, ...LONG);
    const outcomes = await Promise.all(names.map(name => tinyd.run(['rename', name, 'one'])));
    assert.equal(outcomes.filter(({ code }) => code === 0).length, 1);
    const now = (await tinyd.ok('ps', '-a', '--format', '{{.Names}}')).split('\n');
    assert.equal(new Set(now).size, 4);
    assert.ok(now.includes('one'));
    const id = await tinyd.ok('inspect', '-f', '{{.Id}}', 'one');
    const file = join(tinyd.root, 'containers', id, 'container.json');
    assert.ok(existsSync(file));
    assert.equal((JSON.parse(readFileSync(file, 'utf8')) as { name: string }).name, 'one');
  });
});
