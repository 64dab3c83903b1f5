import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePlan } from '../../../packages/runtime/dist/plan/encode';
import { rewritePlanFile, writePlanFile } from '../../../packages/runtime/dist/plan/plan-file';
import { containerPlan, joinPlan } from '../../support/sample-plans';

describe('the plan in force', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-plan-'));
    path = join(folder, 'plan');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('begins with the length of the encoded plan and the plan', () => {
    writePlanFile(path, containerPlan);
    const file = readFileSync(path);
    const encoded = encodePlan(containerPlan);
    assert.equal(file.readBigUInt64LE(), BigInt(encoded.length));
    assert.deepEqual(file.subarray(8, 8 + encoded.length), encoded);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  for (const [name, plan] of Object.entries({ containerPlan, joinPlan })) {
    it(`gives ${name} back as it was`, () => {
      writePlanFile(path, plan);
      const before = readFileSync(path);
      let seen: unknown;
      rewritePlanFile(path, read => {
        seen = read;
        return read;
      });
      assert.deepEqual(seen, plan);
      assert.deepEqual(readFileSync(path), before);
    });
  }

  it('changes a part, and takes the change back', () => {
    writePlanFile(path, containerPlan);
    const before = readFileSync(path);
    const takeBack = rewritePlanFile(path, plan => ({
      ...plan,
      session: { ...plan.session, stopSignal: 9 },
    }));
    const changed = encodePlan({
      ...containerPlan,
      session: { ...containerPlan.session, stopSignal: 9 },
    });
    assert.deepEqual(readFileSync(path).subarray(8, 8 + changed.length), changed);
    takeBack?.();
    assert.deepEqual(readFileSync(path), before);
  });

  it('makes no file where there is none', () => {
    assert.equal(
      rewritePlanFile(path, plan => plan),
      undefined,
    );
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined);
  });
});
