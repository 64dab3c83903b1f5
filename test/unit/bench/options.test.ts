import { strict as assert } from 'node:assert';
import { readOptions } from '../../../bench/dist/options';

describe('bench: options', () => {
  it('has defaults for all', () => {
    const { only, engines, rounds, scratch, quick, check } = readOptions([]);
    assert.deepEqual(
      { only, engines, rounds, scratch, quick, check },
      {
        only: undefined,
        engines: undefined,
        rounds: undefined,
        scratch: '/var/tmp',
        quick: false,
        check: false,
      },
    );
  });

  it('reads lists and numbers', () => {
    const { only, engines, rounds } = readOptions([
      '--only',
      'run,exec',
      '--engines=podman',
      '--rounds',
      '3',
    ]);
    assert.deepEqual({ only, engines, rounds }, { only: ['run', 'exec'], engines: ['podman'], rounds: 3 });
  });

  it('refuses what it does not know', () => {
    for (const words of [['--rounds', '0'], ['--rounds', 'many'], ['--round', '3'], ['extra']])
      assert.throws(() => readOptions(words), Error, words.join(' '));
  });
});
