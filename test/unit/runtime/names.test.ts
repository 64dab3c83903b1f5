import { strict as assert } from 'node:assert';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerIds, findId, isContainerName } from '../../../packages/runtime/dist/find';
import { type RuntimeLayout, runtimeLayout } from '../../../packages/runtime/dist/layout';
import {
  type Claim,
  claimName,
  makeRuntimeFolders,
  moveName,
  releaseName,
  sweepStaleHalves,
} from '../../../packages/runtime/dist/names';

const id = (digit: string) => digit.repeat(64);

describe('names of containers', () => {
  let base: string;
  let layout: RuntimeLayout;
  const open: Claim[] = [];
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'tinyd-names-'));
    layout = runtimeLayout({ root: join(base, 'root'), state: join(base, 'state') });
    makeRuntimeFolders(layout);
  });
  afterEach(() => {
    for (const claim of open.splice(0)) closeSync(claim.lockFd);
    rmSync(base, { recursive: true });
  });
  const claim = (digit: string, name?: string) => {
    const made = claimName(layout, id(digit), name);
    open.push(made);
    return made;
  };
  const finish = (made: Claim, digit: string) => renameSync(made.dir, join(layout.containers, id(digit)));
  const abandon = () => {
    for (const made of open.splice(0)) closeSync(made.lockFd);
  };

  it('a name has one holder, which the error names', () => {
    finish(claim('a', 'web'), 'a');
    assert.throws(() => claim('b', 'web'), {
      code: 'ERR_TINYD_NAME_TAKEN',
      details: { name: 'web', holder: id('a') },
    });
    assert.deepEqual(readdirSync(layout.containers), [id('a')]);
  });

  it('a name is taken while its container is being made', () => {
    claim('a', 'web');
    assert.throws(() => claim('b', 'web'), { code: 'ERR_TINYD_NAME_TAKEN' });
  });

  it('the name of a container that was never finished is free again', () => {
    claim('a', 'web');
    abandon();
    claim('b', 'web');
    assert.equal(readlinkSync(join(layout.names, 'web')), join('..', 'containers', id('b')));
  });

  it('the name of a container that is half removed is free again', () => {
    finish(claim('a', 'web'), 'a');
    renameSync(join(layout.containers, id('a')), join(layout.containers, `.removing-${id('a')}`));
    claim('b', 'web');
  });

  it('a sweep takes what killed commands left, and nothing of living ones', async () => {
    claim('a', 'dead');
    abandon();
    mkdirSync(join(layout.containers, `.removing-${id('b')}`, 'upper'), { recursive: true });
    symlinkSync(join('..', 'containers', id('b')), join(layout.names, 'gone'));
    const living = claim('c', 'making');
    finish(claim('d', 'whole'), 'd');
    await sweepStaleHalves(layout);
    assert.deepEqual(readdirSync(layout.containers).toSorted(), [`.tmp-${id('c')}`, id('d')]);
    assert.deepEqual(readdirSync(layout.names).toSorted(), ['.lock', 'making', 'whole']);
    assert.ok(existsSync(living.dir));
  });

  it('a name is released by its holder alone', () => {
    finish(claim('a', 'web'), 'a');
    releaseName(layout, 'web', id('b'));
    assert.ok(readdirSync(layout.names).includes('web'));
    releaseName(layout, 'web', id('a'));
    assert.ok(!readdirSync(layout.names).includes('web'));
  });

  it('a container without a name is given one', () => {
    const made = claim('a');
    assert.ok(isContainerName(made.name));
  });

  it('finds by ID, name and unique prefix', () => {
    const ids = ['aa', 'ab', 'b'].map(prefix => prefix.padEnd(64, '0'));
    for (const each of ids) mkdirSync(join(layout.containers, each));
    symlinkSync(join('..', 'containers', ids[0] ?? ''), join(layout.names, 'web'));
    symlinkSync(join('..', 'containers', ids[1] ?? ''), join(layout.names, 'b0'));
    assert.deepEqual(containerIds(layout).toSorted(), ids);
    assert.equal(findId(layout, ids[1] ?? ''), ids[1]);
    assert.equal(findId(layout, 'web'), ids[0]);
    assert.equal(findId(layout, '/web'), ids[0]);
    assert.equal(findId(layout, 'ab'), ids[1]);
    assert.equal(findId(layout, 'b0'), ids[1], 'a name wins over a prefix');
    assert.equal(findId(layout, 'b000'), ids[2]);
    const matches = ids.slice(0, 2).map(each => each.slice(0, 12));
    assert.throws(() => findId(layout, 'a'), {
      code: 'ERR_TINYD_CONTAINER_AMBIGUOUS',
      details: { text: 'a', matches },
    });
    for (const text of ['c', '', '..', '../names', 'WEB', 'web/x']) {
      assert.throws(() => findId(layout, text), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
    }
  });

  for (const name of ['', '-', '-ab', '.ab', 'a b', 'a/b', '../x', 'ü1', 'a'.repeat(256)]) {
    it(`${JSON.stringify(name.slice(0, 20))} is no name`, () => assert.equal(isContainerName(name), false));
  }

  describe('that change', () => {
    const record = (digit: string, name: string) =>
      writeFileSync(
        join(layout.containers, id(digit), 'container.json'),
        JSON.stringify({ version: 1, id: id(digit), name, options: {} }),
      );
    const made = (digit: string, name: string) => {
      finish(claim(digit, name), digit);
      record(digit, name);
    };
    const names = () => readdirSync(layout.names).filter(name => name !== '.lock');
    const crash = () => {
      throw new Error('killed');
    };

    it('move as a whole, and free the old one', () => {
      made('a', 'old');
      moveName(layout, id('a'), { from: 'old', to: 'new' }, () => record('a', 'new'));
      assert.deepEqual(names(), ['new']);
      assert.equal(findId(layout, 'new'), id('a'));
      assert.throws(() => findId(layout, 'old'), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
      made('b', 'old');
      assert.equal(findId(layout, 'old'), id('b'));
    });

    it('are refused when somebody has them, and nothing changes', () => {
      made('a', 'old');
      made('b', 'new');
      assert.throws(() => moveName(layout, id('a'), { from: 'old', to: 'new' }, crash), {
        code: 'ERR_TINYD_NAME_TAKEN',
        details: { name: 'new', holder: id('b') },
      });
      assert.deepEqual([findId(layout, 'old'), findId(layout, 'new')], [id('a'), id('b')]);
    });

    it('stay as they were when the record cannot be written', () => {
      made('a', 'old');
      assert.throws(() => moveName(layout, id('a'), { from: 'old', to: 'new' }, crash), /killed/);
      assert.deepEqual(names(), ['old']);
    });

    for (const [moment, current, other] of [
      ['before the record was written', 'old', 'new'],
      ['after it', 'new', 'old'],
    ] as const) {
      it(`leave one name and free the other when the command was killed ${moment}`, async () => {
        made('a', 'old');
        symlinkSync(join('..', 'containers', id('a')), join(layout.names, 'new'));
        record('a', current);
        assert.equal(findId(layout, current), id('a'));
        assert.throws(() => findId(layout, other), { code: 'ERR_TINYD_CONTAINER_NOT_FOUND' });
        made('b', other);
        assert.equal(findId(layout, other), id('b'));
        assert.equal(findId(layout, current), id('a'));
        await sweepStaleHalves(layout);
        assert.deepEqual(names().sort(), ['new', 'old']);
      });
    }

    it('that stand for nobody are swept', async () => {
      made('a', 'old');
      symlinkSync(join('..', 'containers', id('a')), join(layout.names, 'new'));
      symlinkSync(join('..', 'containers', id('c')), join(layout.names, 'gone'));
      await sweepStaleHalves(layout);
      assert.deepEqual(names(), ['old']);
    });
  });
});
