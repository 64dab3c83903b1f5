import { deepStrictEqual } from 'node:assert/strict';
import { parseChallenges } from '../../../packages/registry/dist/auth/challenge';

const read = (...lines: string[]) =>
  parseChallenges(lines).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('WWW-Authenticate', () => {
  it('reads what docker.io sends', () => {
    const line =
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"';
    deepStrictEqual(read(line), [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/nginx:pull',
        },
      ],
    ]);
  });

  it('keeps commas inside quotes together', () => {
    deepStrictEqual(read('Bearer scope="repository:a:pull,push", error="insufficient_scope"'), [
      ['bearer', { scope: 'repository:a:pull,push', error: 'insufficient_scope' }],
    ]);
  });

  it('reads several challenges from one line or many', () => {
    const basic = ['basic', { realm: 'a' }];
    const bearer = ['bearer', { realm: 'https://t/' }];
    deepStrictEqual(read('Basic realm="a", Bearer realm="https://t/"'), [basic, bearer]);
    deepStrictEqual(read('Basic realm="a"', 'Bearer realm="https://t/"'), [basic, bearer]);
    deepStrictEqual(read('Negotiate, Basic realm="a"'), [['negotiate', {}], basic]);
    deepStrictEqual(read('Negotiate TlRMTVNTUAAC==, Basic realm=a'), [['negotiate', {}], basic]);
  });

  it('takes any case, spaces around =, empty elements, unquoted values and escapes', () => {
    deepStrictEqual(read('BEARER Realm = "https://t/" , ,SERVICE=x'), [
      ['bearer', { realm: 'https://t/', service: 'x' }],
    ]);
    deepStrictEqual(read('Basic realm="a \\"b\\" \\\\ c"'), [['basic', { realm: 'a "b" \\ c' }]]);
    deepStrictEqual(read('Bearer realm=https://t/token,service=s'), [
      ['bearer', { realm: 'https://t/token', service: 's' }],
    ]);
  });

  it('takes the first of duplicates', () => {
    deepStrictEqual(read('Bearer realm="https://a/",realm="https://b/"'), [
      ['bearer', { realm: 'https://a/' }],
    ]);
  });

  it('leaves out what cannot be read', () => {
    deepStrictEqual(read(), []);
    deepStrictEqual(read(''), []);
    deepStrictEqual(read(', ,'), []);
    deepStrictEqual(read('Bearer realm="unterminated'), [['bearer', {}]]);
    deepStrictEqual(read('Bearer realm='), [['bearer', {}]]);
    deepStrictEqual(read('"quoted"'), []);
    deepStrictEqual(read(`Bearer realm="${'x'.repeat(20_000)}"`), []);
    deepStrictEqual(read('Bearer __proto__="x"'), [['bearer', Object.fromEntries([['__proto__', 'x']])]]);
  });
});
