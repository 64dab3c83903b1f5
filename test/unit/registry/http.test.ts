import { deepStrictEqual, ok, rejects, strictEqual, throws } from 'node:assert/strict';
import { TinydError } from '@tinyd/core';
import { isLoopback, proxyFor } from '../../../packages/registry/dist/http/proxy';
import { printable, redactUrl } from '../../../packages/registry/dist/http/redact';
import { DEFAULT_RETRY, RetryBudget } from '../../../packages/registry/dist/http/retry';
import { retryAfterMs } from '../../../packages/registry/dist/http/retry-after';
import { TransientFailure } from '../../../packages/registry/dist/http/transient';
import { pullQuota } from '../../../packages/registry/dist/quota';

describe('what is shown of foreign text', () => {
  it('URLs lose user, password, query and fragment', () => {
    strictEqual(redactUrl(new URL('https://u:p@h:8443/a/b?X-Amz-Signature=s#f')), 'https://h:8443/a/b?…');
    strictEqual(redactUrl(new URL('http://h/a')), 'http://h/a');
  });

  it('text is one short line without controls and direction marks', () => {
    strictEqual(printable('a\r\n\tb\u001b[31mc\u0000\u009bd\u202ee\u200bf '), 'a b [31mc d e f');
    strictEqual(printable('x'.repeat(500)).length, 200);
    strictEqual(printable('héllo 例'), 'héllo 例');
  });
});

describe('Retry-After', () => {
  const headers = (value: string, date?: string) => ({ headers: { 'retry-after': value, date } });
  const now = Date.parse('2024-01-01T00:00:00Z');

  it('is seconds, or a date by the clock of the server', () => {
    strictEqual(retryAfterMs(headers('120'), now), 120_000);
    strictEqual(retryAfterMs(headers('Mon, 01 Jan 2024 00:00:30 GMT'), now), 30_000);
    strictEqual(
      retryAfterMs(headers('Mon, 01 Jan 2024 00:00:30 GMT', 'Mon, 01 Jan 2024 00:00:20 GMT'), now),
      10_000,
    );
    strictEqual(retryAfterMs(headers('Mon, 01 Jan 2001 00:00:30 GMT'), now), 0);
  });

  it('is nothing where it is nonsense', () => {
    for (const value of ['', 'soon', '-1', '1e9', '9999999999'])
      strictEqual(retryAfterMs(headers(value), now), undefined, value);
    strictEqual(retryAfterMs({ headers: {} }, now), undefined);
  });
});

describe('quota headers', () => {
  it('are numbers with or without a window', () => {
    const read = (limit?: string, remaining?: string) =>
      pullQuota({ headers: { 'ratelimit-limit': limit, 'ratelimit-remaining': remaining } }, true);
    deepStrictEqual(read('100;w=21600', '76;w=21600'), {
      limit: 100,
      remaining: 76,
      windowSeconds: 21600,
      anonymous: true,
    });
    deepStrictEqual(read('100', '0'), { limit: 100, remaining: 0, windowSeconds: 21600, anonymous: true });
    deepStrictEqual(read('200;w=3600', '5'), {
      limit: 200,
      remaining: 5,
      windowSeconds: 3600,
      anonymous: true,
    });
    for (const [limit, remaining] of [
      [undefined, '1'],
      ['1', undefined],
      ['x', '1'],
      ['-1', '1'],
    ])
      strictEqual(read(limit, remaining), undefined);
  });
});

describe('proxy rules', () => {
  const PROXY = 'http://proxy:3128';
  const uses = (url: string, noProxy: string) =>
    proxyFor(new URL(url), { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, NO_PROXY: noProxy }) !== undefined;

  for (const [noProxy, direct, proxied] of [
    [
      'example.com',
      ['https://example.com', 'https://a.example.com', 'https://EXAMPLE.com:444'],
      ['https://badexample.com', 'https://example.com.evil'],
    ],
    [
      '.example.com',
      ['https://a.example.com', 'https://b.a.example.com'],
      ['https://example.com', 'https://aexample.com'],
    ],
    ['*.example.com', ['https://a.example.com'], ['https://example.com']],
    ['example.com:8443', ['https://example.com:8443'], ['https://example.com', 'https://example.com:80']],
    ['example.com:443', ['https://example.com'], ['http://example.com']],
    ['10.0.0.0/8', ['http://10.1.2.3:5000'], ['http://11.1.2.3', 'http://ten.example']],
    ['fd00::/8', ['http://[fd12::1]:5000'], ['http://[fe80::1]']],
    ['10.0.0.5', ['http://10.0.0.5:5000'], ['http://10.0.0.6']],
    ['[fd00::1]:5000', ['http://[fd00::1]:5000'], ['http://[fd00::1]:5001']],
    [' a.test , b.test ', ['http://a.test', 'http://b.test'], ['http://c.test']],
    ['*', ['http://a.test', 'http://10.0.0.1'], []],
    ['', [], ['http://a.test']],
    ['10.0.0.0/33,x/8,/,//', [], ['http://10.0.0.1', 'http://x']],
  ] as const) {
    it(`NO_PROXY=${noProxy}`, () => {
      for (const url of direct) ok(!uses(url, noProxy), url);
      for (const url of proxied) ok(uses(url, noProxy), url);
    });
  }

  it('choose by the scheme of the URL, upper case first, and never for loopback', () => {
    const env = { HTTP_PROXY: 'up:1', http_proxy: 'low:1', https_proxy: 'low:2' };
    strictEqual(proxyFor(new URL('http://x'), env)?.host, 'up:1');
    strictEqual(proxyFor(new URL('https://x'), env)?.host, 'low:2');
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
      strictEqual(proxyFor(new URL(`http://${host}:5000`), env), undefined);
    strictEqual(proxyFor(new URL('https://x'), { HTTP_PROXY: 'a:1' }), undefined);
    for (const bad of ['ftp://a', 'socks5://a:1', 'https://a:1', 'http://']) {
      throws(() => proxyFor(new URL('https://x'), { HTTPS_PROXY: bad }), {
        code: 'ERR_TINYD_REGISTRY_CONFIG',
      });
    }
  });

  it('loopback is what the kernel routes to itself', () => {
    for (const host of ['localhost', '127.0.0.1', '127.255.0.1', '::1', '[::1]']) ok(isLoopback(host), host);
    for (const host of ['localhost.example', '127.example', '128.0.0.1', '0.0.0.0', '::2', ''])
      ok(!isLoopback(host), host);
  });
});

describe('the retry budget', () => {
  const url = new URL('http://h/?secret');
  const transient = (options = {}) =>
    new TransientFailure(new TinydError('ERR_TINYD_REGISTRY_UNAVAILABLE', 'x'), options);
  const budget = (delays: number[], random = () => 0.5) =>
    new RetryBudget({ ...DEFAULT_RETRY, attempts: 3, random, sleep: async ms => void delays.push(ms) }, {});

  it('throws at once what will not pass', async () => {
    const permanent = new TinydError('ERR_TINYD_REGISTRY_DENIED', 'x');
    await rejects(budget([]).next(permanent, url), permanent);
  });

  it('varies delays by a half in both directions', async () => {
    const delays: number[] = [];
    await budget(delays, () => 0).next(transient(), url);
    await budget(delays, () => 0.999).next(transient(), url);
    deepStrictEqual(delays, [500, 1499]);
  });

  it('tries a server that was never reached only once, and again when it had answered before', async () => {
    await rejects(budget([]).next(transient({ beforeContact: true }), url), {
      code: 'ERR_TINYD_REGISTRY_UNAVAILABLE',
    });
    const delays: number[] = [];
    const reached = budget(delays);
    reached.progress();
    await reached.next(transient({ beforeContact: true }), url);
    deepStrictEqual(delays, [1000]);
  });

  it('waits for Retry-After where it is longer than the backoff', async () => {
    const delays: number[] = [];
    await budget(delays).next(transient({ retryAfterMs: 5000 }), url);
    await budget(delays).next(transient({ retryAfterMs: 10 }), url);
    deepStrictEqual(delays, [5000, 1000]);
    await rejects(budget(delays).next(transient({ retryAfterMs: 61_000 }), url), {
      code: 'ERR_TINYD_REGISTRY_UNAVAILABLE',
    });
  });
});
