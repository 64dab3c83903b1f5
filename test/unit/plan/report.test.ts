import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isTinydError } from '@tinyd/core';
import { decodeReport, REPORT_STAGES } from '../../../packages/runtime/dist/plan/report';

const HELPER = resolve(__dirname, '../../../../native/helper');

function report(
  stage: number,
  errno: number,
  pid: number,
  operand: string,
  warnings: readonly string[],
): Buffer {
  const u32 = (value: number) => Buffer.from(Uint32Array.of(value).buffer);
  const text = (value: string) => [u32(Buffer.byteLength(value)), Buffer.from(value)];
  return Buffer.concat([
    ...[stage, errno, pid].map(u32),
    ...text(operand),
    u32(warnings.length),
    ...warnings.flatMap(text),
  ]);
}

describe('plan: report', () => {
  it('reads stage, errno, pid, operand and warnings', () => {
    assert.deepEqual(decodeReport(report(0, 0, 4711, '', ['one', 'zwölf'])), {
      stage: 'started',
      errno: 0,
      pid: 4711,
      operand: '',
      warnings: ['one', 'zwölf'],
    });
    assert.equal(decodeReport(report(22, 2, 0, 'nginx', [])).stage, 'exec');
  });

  it('fails on a report that was cut off anywhere', () => {
    const whole = report(22, 2, 0, 'nginx', ['w']);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(
        () => decodeReport(whole.subarray(0, length)),
        error => isTinydError(error) && error.code === 'ERR_TINYD_START_FAILED',
        `${length} bytes`,
      );
    }
  });

  it('names the stages in the order of the helper', () => {
    const header = readFileSync(join(HELPER, 'report.h'), 'utf8');
    const names = [...header.matchAll(/^ {2}STAGE_(\w+),?$/gm)].map(match => (match[1] ?? '').toLowerCase());
    assert.equal(names.pop(), 'count');
    assert.deepEqual(
      names.map(name => name.replace('_', '-')),
      REPORT_STAGES,
    );
  });
});
