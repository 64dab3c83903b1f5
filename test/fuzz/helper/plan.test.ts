import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { encodePlan } from '../../../packages/runtime/dist/plan/encode';
import { containerPlan, joinPlan } from '../../support/sample-plans';

const NATIVE = resolve(__dirname, '../../../../native');

/** TINYD_FUZZ_EXECUTIONS=10000000 for a long run. */
const EXECUTIONS = Number(process.env.TINYD_FUZZ_EXECUTIONS ?? 100_000);
const SEED = process.env.TINYD_FUZZ_SEED ?? '1';

describe('fuzz: the plan parser of the helper', () => {
  let folder: string;
  before(function () {
    this.timeout(60_000);
    folder = mkdtempSync(join(tmpdir(), 'tinyd-fuzz-'));
    const flags = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-g', '-Wall', '-Wextra', '-Werror'];
    execFileSync('gcc', [
      ...flags,
      '-fsanitize=address,undefined',
      '-fno-sanitize-recover=all',
      '-o',
      join(folder, 'fuzz_plan'),
      join(NATIVE, 'test', 'helper', 'fuzz_plan.c'),
      ...['plan.c', 'plan_items.c', 'plan_reader.c'].map(name => join(NATIVE, 'helper', name)),
    ]);
    writeFileSync(join(folder, 'container'), encodePlan(containerPlan));
    writeFileSync(join(folder, 'join'), encodePlan(joinPlan));
  });
  after(() => rmSync(folder, { recursive: true }));

  it(`stands ${EXECUTIONS} damaged plans (seed ${SEED})`, function () {
    this.timeout(20_000 + EXECUTIONS);
    const plans = [join(folder, 'container'), join(folder, 'join')];
    const output = execFileSync(join(folder, 'fuzz_plan'), [SEED, String(EXECUTIONS), ...plans], {
      encoding: 'utf8',
    });
    const [, executions, accepted] = /^(\d+) executions, (\d+) accepted/.exec(output) ?? [];
    assert.equal(Number(executions), EXECUTIONS);
    assert.ok(Number(accepted) > EXECUTIONS / 100, `some damage is harmless: ${output}`);
  });
});
