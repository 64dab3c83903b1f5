import { ok, strictEqual, throws } from 'node:assert';
import { createHash } from 'node:crypto';
import { digestHexOf, randomBelow, randomBytes } from '@tinyd/native';

describe('digests and random bytes of the addon', () => {
  it('digests as node:crypto does', () => {
    for (const algorithm of ['sha256', 'sha512'] as const) {
      for (const bytes of [Buffer.alloc(0), Buffer.from('tinyd'), randomBytes(1000)]) {
        strictEqual(digestHexOf(algorithm, bytes), createHash(algorithm).update(bytes).digest('hex'));
      }
    }
    throws(() => digestHexOf('md5' as 'sha256', Buffer.alloc(1)), { code: 'EINVAL' });
  });

  it('gives as many random bytes as were asked for, and others each time', () => {
    strictEqual(randomBytes(0).length, 0);
    strictEqual(randomBytes(32).length, 32);
    ok(!randomBytes(32).equals(randomBytes(32)));
    throws(() => randomBytes(1025), { code: 'EINVAL' });
  });

  it('draws every number below a limit', () => {
    const drawn = new Set(Array.from({ length: 500 }, () => randomBelow(5)));
    strictEqual([...drawn].sort().join(), '0,1,2,3,4');
    strictEqual(randomBelow(1), 0);
  });
});
