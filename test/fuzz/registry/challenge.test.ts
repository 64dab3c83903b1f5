import { ok, strictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { parseChallenges } from '../../../packages/registry/dist/auth/challenge';

const pieces = fc
  .array(
    fc.constantFrom(
      'Bearer',
      'Basic',
      ' ',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'realm',
      'scope',
      'https://t/',
      'abc==',
      '\t',
      'x',
      'é',
      '\0',
    ),
    { maxLength: 30 },
  )
  .map(parts => parts.join(''));
const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

describe('fuzzing WWW-Authenticate', () => {
  it('any line gives challenges with names in lower case, in no time', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 200 })), { maxLength: 4 }), lines => {
        for (const { scheme, parameters } of parseChallenges(lines)) {
          ok(scheme !== '' && scheme === scheme.toLowerCase());
          for (const name of parameters.keys()) ok(name !== '' && name === name.toLowerCase());
        }
      }),
      { numRuns: 20_000 },
    );
    const start = performance.now();
    for (const line of [
      'a=,'.repeat(5000),
      `Bearer ${'a '.repeat(8000)}`,
      `B x="${'\\"'.repeat(8000)}`,
      '='.repeat(16_000),
    ])
      parseChallenges([line]);
    ok(performance.now() - start < 500);
  });

  it('what was written is read', () => {
    const value = fc.string({ unit: fc.constantFrom(...'abc ,="\\:/-') });
    fc.assert(
      fc.property(value, value, (realm, scope) => {
        const line = `Basic realm=${quoted(scope)}, Bearer realm=${quoted(realm)},scope=${quoted(scope)}`;
        const [basic, bearer] = parseChallenges([line]);
        strictEqual(basic?.parameters.get('realm'), scope);
        strictEqual(bearer?.parameters.get('realm'), realm);
        strictEqual(bearer?.parameters.get('scope'), scope);
      }),
      { numRuns: 5000 },
    );
  });
});
