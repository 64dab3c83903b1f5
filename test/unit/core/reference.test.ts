import { deepStrictEqual, ok, strictEqual, throws } from 'node:assert/strict';
import { familiarName, familiarRepository, formatReference, isTinydError, parseReference } from '@tinyd/core';
import { INVALID, VALID } from './reference-table';

describe('references', () => {
  for (const [typed, canonical, familiar] of VALID) {
    it(`reads ${typed.slice(0, 80)}`, () => {
      const reference = parseReference(typed);
      strictEqual(formatReference(reference), canonical);
      strictEqual(familiarName(reference), familiar);
    });
  }

  for (const typed of INVALID) {
    it(`refuses ${JSON.stringify(typed.slice(0, 80))}`, () => {
      throws(
        () => parseReference(typed),
        (error: unknown) => {
          ok(isTinydError(error));
          strictEqual(error.code, 'ERR_TINYD_REFERENCE_INVALID');
          ok(error.message.length < 400, 'the message stays short');
          ok(!/[\x00-\x1f\x7f-\x9f]/.test(error.message), 'the message is safe to print');
          return true;
        },
      );
    });
  }

  it('reads canonical and familiar forms back to the same reference', () => {
    for (const [typed, canonical, familiar] of VALID) {
      const reference = parseReference(typed);
      const { tagIsImplied: _, ...expected } = reference;
      const again = [parseReference(canonical), parseReference(familiar)];
      for (const { tagIsImplied, ...parts } of again) {
        deepStrictEqual(parts, expected);
        strictEqual(tagIsImplied, false);
      }
    }
  });

  it('tells an implied tag from a written one', () => {
    strictEqual(parseReference('nginx').tagIsImplied, true);
    strictEqual(parseReference('nginx:latest').tagIsImplied, false);
    strictEqual(parseReference(`nginx@sha256:${'a'.repeat(64)}`).tag, undefined);
  });

  it('shows the repository alone without tag and digest', () => {
    strictEqual(familiarRepository(parseReference('nginx:1')), 'nginx');
    strictEqual(familiarRepository(parseReference('ghcr.io/o/app')), 'ghcr.io/o/app');
    strictEqual(familiarRepository(parseReference('docker.io/library/foo/bar')), 'library/foo/bar');
  });
});
