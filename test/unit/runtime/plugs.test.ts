import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeLayout } from '../../../packages/runtime/dist/layout';
import { findPlugs } from '../../../packages/runtime/dist/lifecycle/plug-cache';
import { linkIndexOf } from '../../../packages/runtime/dist/network/link-index';

describe('plugs of containers', () => {
  let folder: string;
  let layout: ReturnType<typeof runtimeLayout>;
  const ids = Array.from({ length: 20 }, (_, index) => String(index).padStart(64, '0'));
  const [first = '', second = ''] = ids;
  /** So late that no file has only just changed. */
  const later = Date.now() + 3_600_000;

  const place = (bridge: string, address: string) => ({ bridge, gateway: '10.9.0.1', address, ports: [] });

  function write(id: string, ...places: readonly ReturnType<typeof place>[]): void {
    const path = join(layout.containers, id, 'network.json');
    writeFileSync(`${path}.tmp`, JSON.stringify(places));
    renameSync(`${path}.tmp`, path);
  }

  const find = (nowMs = later) => findPlugs(layout, ids, nowMs);
  const unseen = () => find().unseen.map(({ bridge, index }) => [bridge, index]);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-plugs-'));
    layout = runtimeLayout({ root: join(folder, 'root'), state: join(folder, 'state') });
    mkdirSync(layout.state);
    for (const [index, id] of ids.entries()) {
      mkdirSync(join(layout.containers, id), { recursive: true });
      write(id, place('no-such-link', `10.9.0.${index + 2}`));
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are read once, and then looked at without being read', () => {
    const before = find();
    assert.deepEqual([before.known, before.hold, before.unseen.length], [0, true, ids.length]);
    assert.deepEqual(before.unseen[0], {
      bridge: 'no-such-link',
      bridgeIndex: linkIndexOf('10.9.0.1'),
      index: linkIndexOf('10.9.0.2'),
    });
    // Their bridge does not stand.
    assert.deepEqual(find(), { known: ids.length, hold: false, unseen: [] });
  });

  it('are read again where a container got other ones, and forgotten where it has none', () => {
    find();
    write(first, place('', '10.9.0.2'), place('other', '10.9.0.2'));
    assert.deepEqual(unseen(), [['other', linkIndexOf('10.9.0.2')]]);
    rmSync(join(layout.containers, second, 'network.json'));
    assert.equal(find().known, ids.length - 2);
  });

  it('of a file that has only just changed are not kept', () => {
    find(Date.now());
    assert.ok(!existsSync(layout.plugs));
  });

  it('keep what is valid when others are added', () => {
    find();
    for (const id of ids.slice(0, 17)) write(id, place('other', '10.9.0.2'));
    assert.equal(unseen().length, 17);
    assert.deepEqual(find(), { known: ids.length, hold: false, unseen: [] });
    assert.equal(readFileSync(layout.plugs, 'utf8').split('\n').length, ids.length + 2);
  });

  it('of a container without any are known too', () => {
    for (const id of ids) write(id);
    find();
    writeFileSync(join(layout.containers, first, 'network.json'), '[]');
    assert.deepEqual(find(), { known: 0, hold: true, unseen: [] });
  });

  it('are read where the cache is of another version, boot or root, damaged, or none', () => {
    find();
    const text = readFileSync(layout.plugs, 'utf8');
    const [head = ''] = text.split('\n');
    const boot = head.split(' ')[2] ?? '';
    const others: readonly (readonly [string, string])[] = [
      ['another version', text.replace('tinyd-plugs 1', 'tinyd-plugs 2')],
      ['another boot', text.replace(boot, boot.replace(/./g, '0'))],
      ['another root', text.replace(layout.root, `${layout.root}2`)],
      ['garbage', '\0\n\xff: : :\n'.repeat(100)],
      ['garbage below its head', `${head}\n${'\0: x\n \n'.repeat(100)}`],
      ['nothing', ''],
    ];
    for (const [what, forged] of others) {
      writeFileSync(layout.plugs, forged);
      const { known, unseen: read } = find();
      assert.deepEqual([known, read.length], [0, ids.length], what);
    }
    // Put right by the one that found it so.
    assert.equal(find().known, ids.length);
    for (const [from, to] of [
      [/ no-such-link \d+ \d+\n/, ' no-such-link 1\n'],
      [/ no-such-link \d+ \d+\n/, ' no-such-link one 2\n'],
      [/ no-such-link \d+ \d+\n/, ' no-such-link 1 99999999999999999999\n'],
      [/ no-such-link \d+ (\d+)\n/, ' no-such-link -1 $1\n'],
      [/: no-such-link/, ':no-such-link'],
      [/: no-such-link/, ' no-such-link'],
    ] as const) {
      writeFileSync(layout.plugs, text.replace(from, to));
      assert.equal(unseen().length, 1, to);
    }
    writeFileSync(layout.plugs, text.slice(0, -2));
    assert.equal(unseen().length, 1, 'a line that does not end');
  });

  it('are read each time where nothing can be kept', () => {
    mkdirSync(layout.plugs);
    for (const _ of [1, 2]) assert.equal(unseen().length, ids.length);
  });
});
