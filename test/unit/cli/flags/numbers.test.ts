import assert from 'node:assert/strict';
import {
  parseCpus,
  parseCpuset,
  parseDecimalSize,
  parseInteger,
  parseMemory,
  parseMemorySwap,
  parseUlimit,
} from '../../../../packages/cli/dist/flags/numbers';
import { refusal } from './refusal';

describe('sizes and numbers', () => {
  it('read memory in powers of 1024', () => {
    const cases = {
      '64m': 67_108_864,
      '1g': 1_073_741_824,
      '1.5G': 1_610_612_736,
      '512': 512,
      '10kb': 10_240,
      '1GiB': 1_073_741_824,
      '7B': 7,
    };
    for (const [text, bytes] of Object.entries(cases)) assert.equal(parseMemory('memory', text), bytes, text);
    for (const text of ['', 'zz', '-1', '1x', '0x10', '1 2', '9999999999g']) {
      assert.equal(
        refusal(() => parseMemory('memory', text), '--memory'),
        'INVALID',
        text,
      );
    }
    assert.equal(parseMemorySwap('memory-swap', '-1'), -1);
    assert.equal(parseDecimalSize('log-opt', '10m'), 10_000_000);
  });

  it('read CPUs exactly', () => {
    assert.equal(parseCpus('cpus', '0.5'), 500_000_000);
    assert.equal(parseCpus('cpus', '1.000000001'), 1_000_000_001);
    assert.equal(parseCpus('cpus', '.25'), 250_000_000);
    assert.equal(parseCpus('cpus', '2'), 2_000_000_000);
    for (const text of ['', '.', '-1', '1e3', '0.1234567890'])
      assert.equal(
        refusal(() => parseCpus('cpus', text)),
        'INVALID',
        text,
      );
  });

  it('read whole numbers within bounds, lists of CPUs, and rlimits', () => {
    assert.equal(parseInteger('pids-limit', '-1', -1), -1);
    assert.equal(
      refusal(() => parseInteger('pids-limit', '-2', -1)),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseInteger('pids-limit', '1.5', -1)),
      'INVALID',
    );
    assert.equal(parseCpuset('cpuset-cpus', '0-3,5'), '0-3,5');
    assert.equal(
      refusal(() => parseCpuset('cpuset-cpus', '0-')),
      'INVALID',
    );
    assert.deepEqual(parseUlimit('ulimit', 'nofile=1024:2048'), { name: 'nofile', soft: 1024, hard: 2048 });
    assert.deepEqual(parseUlimit('ulimit', 'core=-1'), { name: 'core', soft: -1, hard: -1 });
    assert.equal(
      refusal(() => parseUlimit('ulimit', 'nofile=2048:1024')),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseUlimit('ulimit', 'files=1')),
      'INVALID',
    );
  });
});
