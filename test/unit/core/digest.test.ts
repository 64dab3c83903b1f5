import { ok, strictEqual, throws } from 'node:assert/strict';
import { digestAlgorithm, digestHex, isDigest, parseDigest } from '@tinyd/core';

const HEX = 'a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4';
const SHA256 = `sha256:${HEX}`;
const SHA512 = `sha512:${HEX}${HEX}`;

/** What must never become a path (CVE-2024-3727, CVE-2014-9358). */
const BAD: readonly unknown[] = [
  '',
  ' ',
  ':',
  'sha256',
  'sha256:',
  HEX,
  `${HEX}:sha256`,
  `sha256${HEX}`,
  `sha256-${HEX}`,
  `sha256/${HEX}`,
  `sha256::${HEX}`,
  `:${HEX}`,
  `sha256:${HEX.slice(1)}`,
  `sha256:${HEX}0`,
  `sha256:${HEX.slice(0, 32)}`,
  `sha256:${HEX.toUpperCase()}`,
  `SHA256:${HEX}`,
  `Sha256:${HEX}`,
  `sha256:${HEX.slice(0, 63)}g`,
  `sha256:${HEX.slice(0, 63)} `,
  `sha256:${HEX}\n`,
  `\nsha256:${HEX}`,
  `sha256:${HEX}\0`,
  ` sha256:${HEX}`,
  `sha256:${HEX} `,
  `sha256: ${HEX}`,
  `sha256:${HEX}\r\n`,
  `sha256:../../../../etc/passwd`,
  'sha256:../../x',
  `sha256:${'../'.repeat(21)}x`,
  `sha256:${'.'.repeat(64)}`,
  `sha256:${'/'.repeat(64)}`,
  `sha256:${HEX.slice(0, 60)}/../`,
  `../sha256:${HEX}`,
  `sha256/../sha256:${HEX}`,
  `sha1:${HEX.slice(0, 40)}`,
  `md5:${HEX.slice(0, 32)}`,
  `sha384:${HEX}${HEX.slice(0, 32)}`,
  `sha224:${HEX.slice(0, 56)}`,
  `blake3:${HEX}`,
  `sha256+b64:${HEX}`,
  `sha256.x:${HEX}`,
  `sha512:${HEX}`,
  `sha512:${HEX}${HEX}0`,
  `sha512:${HEX}${HEX.slice(1)}`,
  `sha512:${`${HEX}${HEX}`.toUpperCase()}`,
  `sha256:${HEX}${HEX}`,
  `sha256:${'０'.repeat(64)}`,
  `sha256:${'а'.repeat(64)}`,
  `sha256:%2e%2e%2f${HEX.slice(9)}`,
  `sha256:${HEX}@sha256:${HEX}`,
  `sha256:${HEX},sha256:${HEX}`,
  `sha256:0x${HEX.slice(2)}`,
  `tarsum.v1+sha256:${HEX}`,
  undefined,
  null,
  0,
  true,
  [],
  [SHA256],
  {},
  { toString: () => SHA256 },
  new String(SHA256),
];

describe('digests', () => {
  it('accepts sha256 and sha512 alone', () => {
    for (const digest of [SHA256, SHA512]) {
      ok(isDigest(digest));
      strictEqual(parseDigest(digest), digest);
    }
    strictEqual(digestAlgorithm(parseDigest(SHA256)), 'sha256');
    strictEqual(digestAlgorithm(parseDigest(SHA512)), 'sha512');
    strictEqual(digestHex(parseDigest(SHA256)), HEX);
  });

  it('CVE-2024-3727, CVE-2014-9358: refuses 60 other strings and values', () => {
    ok(BAD.length >= 60);
    for (const bad of BAD) strictEqual(isDigest(bad), false, JSON.stringify(bad));
    for (const bad of BAD.filter(value => typeof value === 'string')) {
      throws(() => parseDigest(bad), { code: 'ERR_TINYD_DIGEST_INVALID' });
    }
  });
});
