import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chainIds, parseDigest } from '@tinyd/core';

const diff = (digit: string) => parseDigest(`sha256:${digit.repeat(64)}`);
const sha = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

describe('chain IDs', () => {
  it('hash each layer together with all below it', () => {
    const [a, b, c] = [diff('a'), diff('b'), diff('c')];
    const second = sha(`${a} ${b}`);
    deepStrictEqual(chainIds([a, b, c]), [a, second, sha(`${second} ${c}`)]);
    deepStrictEqual(chainIds([]), []);
  });
});
