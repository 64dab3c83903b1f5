import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runtimeLayout } from '../../../packages/runtime/dist/layout';
import {
  DESCRIPTION_VERSION,
  describe as described,
} from '../../../packages/runtime/dist/lifecycle/description';
import { readDescriptions } from '../../../packages/runtime/dist/lifecycle/description-cache';
import type { ContainerRecord } from '../../../packages/runtime/dist/record';
import { createOptions } from './create-options';

const CREATED = '2026-03-01T12:00:00Z';

function record(id: string, name: string): ContainerRecord {
  return { version: 1, id, name, created: CREATED, hostname: 'h', options: createOptions() };
}

describe('descriptions of containers', () => {
  let folder: string;
  let layout: ReturnType<typeof runtimeLayout>;
  const ids = Array.from({ length: 40 }, (_, index) => String(index).padStart(64, '0'));
  const [first = '', second = ''] = ids;
  /** So late that no record has only just changed. */
  const later = Date.now() + 3_600_000;

  function write(id: string, name: string): void {
    const path = join(layout.containers, id, 'container.json');
    writeFileSync(`${path}.tmp`, JSON.stringify(record(id, name)));
    renameSync(`${path}.tmp`, path);
  }

  const read = (nowMs = later) => readDescriptions(layout, ids, undefined, nowMs);
  const names = () => new Map(read().map(({ id, name }) => [id, name]));

  /** What the cache holds, as text, is changed: whoever believes it says so. */
  function forge(from: string, to: string): void {
    const text = readFileSync(layout.descriptions, 'utf8');
    assert.ok(text.includes(from), from);
    writeFileSync(layout.descriptions, text.replace(from, to));
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-descriptions-'));
    layout = runtimeLayout({ root: join(folder, 'root'), state: join(folder, 'state') });
    mkdirSync(layout.state);
    for (const id of ids) {
      mkdirSync(join(layout.containers, id), { recursive: true });
      write(id, `name-${Number(id)}`);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('say the same with the cache and without', () => {
    const expected = ids.map(id => described(record(id, `name-${Number(id)}`)));
    assert.deepEqual(read(), expected);
    forge('"name-7"', '"from the cache"');
    assert.equal(names().get(ids[7] ?? ''), 'from the cache');
    rmSync(layout.descriptions);
    assert.deepEqual(read(), expected);
  });

  it('follow a record that is replaced, and one that is gone', () => {
    read();
    write(first, 'name-X');
    rmSync(join(layout.containers, second), { recursive: true });
    const now = names();
    assert.equal(now.get(first), 'name-X');
    assert.equal(now.has(second), false);
    assert.equal(now.size, ids.length - 1);
  });

  it('are not kept of records that have only just changed', () => {
    read(Date.now());
    assert.deepEqual(JSON.parse(readFileSync(layout.descriptions, 'utf8')).containers, []);
  });

  it('are made anew where the cache is damaged, or of another version', () => {
    read();
    forge('"name-7"', '"from the cache"');
    forge(`"version":${DESCRIPTION_VERSION}`, '"version":0');
    assert.equal(names().get(ids[7] ?? ''), 'name-7');
    for (const text of ['', '{', 'null', '{"version":1}', '{"version":1,"containers":[null]}']) {
      writeFileSync(layout.descriptions, text);
      assert.equal(names().get(ids[7] ?? ''), 'name-7', text);
    }
  });

  it('are not kept of few containers', () => {
    assert.equal(readDescriptions(layout, ids.slice(0, 5), undefined, later).length, 5);
    assert.equal(existsSync(layout.descriptions), false);
  });

  it('fail with the path of a record that is damaged', () => {
    writeFileSync(join(layout.containers, first, 'container.json'), '{');
    assert.throws(() => read(), { code: 'ERR_TINYD_SYSTEM', message: new RegExp(first) });
  });

  it('are what their version says', () => {
    const options = createOptions({ labels: { a: 'b' }, expose: ['53/udp', '80'], command: ['sleep', '1'] });
    const all = described({ ...record(first, 'web'), options });
    // Whoever changes these lines raises DESCRIPTION_VERSION: caches of before are then not believed.
    assert.equal(DESCRIPTION_VERSION, 2);
    assert.deepEqual(all, {
      id: first,
      name: 'web',
      imageId: options.image.id,
      imageName: options.image.name,
      mountedImageIds: [],
      command: ['sleep', '1'],
      created: CREATED,
      exposed: ['53/udp', '80/tcp'],
      labels: { a: 'b' },
      mounts: [],
      mountTargets: [],
      localVolumes: 0,
      network: 'none',
      networks: ['none'],
      hasHealthCheck: false,
    });
  });
});
