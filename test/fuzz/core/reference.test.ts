import { ok, strictEqual } from 'node:assert/strict';
import { familiarName, formatReference, isTinydError, parseReference } from '@tinyd/core';
import fc from 'fast-check';

/** Made of the pieces that names are made of, so that many are nearly right. */
const nearlyName = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        'nginx',
        'docker.io',
        'index.docker.io',
        'localhost',
        '127.0.0.1',
        '[::1]',
        'library',
        'A',
        '0',
      ],
      ...['/', '/', '/', ':', ':', '@', '.', '_', '__', '-', '--', '..', ' ', '\0', 'é'],
      ...['5000', 'latest', `sha256:${'a'.repeat(64)}`, 'sha256:', 'f'.repeat(64)],
    ),
    { maxLength: 12 },
  )
  .map(parts => parts.join(''));

describe('fuzzing references', () => {
  for (const [kind, texts] of [
    ['nearly names', nearlyName],
    ['any text', fc.string({ unit: 'binary', maxLength: 300 })],
  ] as const) {
    it(`${kind}: a reference or ERR_TINYD_REFERENCE_INVALID, and forms that read back`, () => {
      fc.assert(
        fc.property(texts, text => {
          let reference: ReturnType<typeof parseReference>;
          try {
            reference = parseReference(text);
          } catch (error) {
            ok(isTinydError(error));
            strictEqual(error.code, 'ERR_TINYD_REFERENCE_INVALID');
            return;
          }
          const canonical = formatReference(reference);
          strictEqual(formatReference(parseReference(canonical)), canonical);
          ok(/^[\x21-\x7e]+$/.test(canonical));
          ok(!reference.path.split('/').some(part => part === '' || part === '.' || part === '..'));
          strictEqual(formatReference(parseReference(familiarName(reference))), canonical);
        }),
        { numRuns: 20_000 },
      );
    });
  }
});
