import { deepStrictEqual, strictEqual } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeContext } from '../../../packages/runtime/dist/context';
import { containerLayout, runtimeLayout } from '../../../packages/runtime/dist/layout';
import {
  keepPrepared,
  type PreparedSpec,
  takePrepared,
} from '../../../packages/runtime/dist/lifecycle/prepare-spec';
import type { ContainerRecord } from '../../../packages/runtime/dist/record';

describe('what create has prepared', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyd-prepared-'));
  after(() => rmSync(folder, { recursive: true }));
  const layout = runtimeLayout({ root: join(folder, 'root'), state: join(folder, 'state') });
  const paths = containerLayout(layout, 'a'.repeat(64));
  mkdirSync(paths.upper, { recursive: true });

  const record = (options: object = {}) =>
    ({ id: paths.id, name: 'web', options: { network: { mode: 'none' }, ...options } }) as ContainerRecord;
  /** As start reads it. */
  const read = (written: ContainerRecord) => JSON.parse(JSON.stringify(written)) as ContainerRecord;
  const prepared = { spec: {} } as PreparedSpec;
  const contextWith = (kept: ContainerRecord): RuntimeContext => {
    const context = { layout, repairs: [] };
    keepPrepared(context, kept, prepared);
    return context;
  };

  it('is taken by a start of the same process, once', () => {
    const context = contextWith(record());
    strictEqual(takePrepared(context, read(record()), paths), prepared);
    strictEqual(takePrepared(context, read(record()), paths), undefined);
  });

  it('is nothing to another process, or to another container', () => {
    strictEqual(takePrepared({ layout, repairs: [] }, record(), paths), undefined);
    strictEqual(takePrepared(contextWith(record()), { ...record(), id: 'b'.repeat(64) }, paths), undefined);
  });

  it('is not taken where the record was changed meanwhile', () => {
    strictEqual(takePrepared(contextWith(record()), { ...record(), name: 'other' }, paths), undefined);
    strictEqual(takePrepared(contextWith(record()), record({ user: 'nobody' }), paths), undefined);
  });

  it('is not taken where something was put into the container: it may name users', () => {
    const context = contextWith(record());
    mkdirSync(join(paths.upper, 'etc'));
    writeFileSync(join(paths.upper, 'etc/passwd'), '');
    strictEqual(takePrepared(context, record(), paths), undefined);
    rmSync(join(paths.upper, 'etc'), { recursive: true });
  });

  it('is not kept where namespaces of other containers are still unknown', () => {
    const shared = ['network', 'pid', 'ipc'].map(name => ({ [name]: { mode: 'container', container: 'x' } }));
    const taken = shared.map(options =>
      takePrepared(contextWith(record(options)), read(record(options)), paths),
    );
    deepStrictEqual(taken, [undefined, undefined, undefined]);
  });
});
