import { strict as assert } from 'node:assert';
import { parseSignal } from '@tinyd/runtime';

describe('signals', () => {
  const known: [string, number][] = [
    ['9', 9],
    ['KILL', 9],
    ['sigterm', 15],
    ['SIGHUP', 1],
    ['SIGWINCH', 28],
    ['RTMIN', 34],
    ['SIGRTMIN+3', 37],
    ['rtmax-1', 63],
    ['64', 64],
  ];
  for (const [text, number] of known)
    it(`${text} is ${number}`, () => assert.equal(parseSignal(text), number));

  for (const text of ['0', '65', '-9', '', 'SIG', 'NOPE', 'RTMIN+31', 'constructor', '9 ', '1e1']) {
    it(`${JSON.stringify(text)} is none`, () => {
      assert.throws(() => parseSignal(text), { code: 'ERR_TINYD_OPTION_INVALID' });
    });
  }
});
