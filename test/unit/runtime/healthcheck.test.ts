import { strict as assert } from 'node:assert';
import type { ImageHealthcheck } from '@tinyd/core';
import {
  checkHealthcheck,
  configuredHealthcheck,
  healthCommand,
} from '../../../packages/runtime/dist/spec/healthcheck';
import { createOptions } from './create-options';

function options(image: ImageHealthcheck | undefined, own?: ImageHealthcheck, shell?: string[]) {
  const base = createOptions({});
  const config = {
    ...base.image.config,
    config: {
      ...(image === undefined ? {} : { Healthcheck: image }),
      ...(shell === undefined ? {} : { Shell: shell }),
    },
  };
  return { image: { ...base.image, config }, ...(own === undefined ? {} : { healthcheck: own }) };
}

describe('a health check', () => {
  const image: ImageHealthcheck = { Test: ['CMD', 'look', '-q'], Interval: 5e9, Retries: 2 };

  it('is the user’s, completed by the image’s', () => {
    assert.equal(configuredHealthcheck(options(undefined)), undefined);
    assert.deepEqual(configuredHealthcheck(options(image)), image);
    const merged = configuredHealthcheck(options(image, { Interval: 1e9, Timeout: 0, Test: [] }));
    assert.deepEqual(merged, { ...image, Interval: 1e9 });
  });

  it('runs the words of CMD, and those of CMD-SHELL by the shell', () => {
    assert.deepEqual(healthCommand(options(image)), ['look', '-q']);
    const shell = { Test: ['CMD-SHELL', 'a && b'] };
    assert.deepEqual(healthCommand(options(image, shell)), ['/bin/sh', '-c', 'a && b']);
    assert.deepEqual(healthCommand(options(shell, undefined, ['/bin/ash', '-ec'])), [
      '/bin/ash',
      '-ec',
      'a && b',
    ]);
  });

  it('is none by NONE, without words, and with words of a kind that nobody knows', () => {
    for (const Test of [['NONE'], [], ['CMD'], ['CMD-SHELL'], ['PRAY', 'x']])
      assert.equal(healthCommand(options({ Test })), undefined, Test.join(' '));
    assert.equal(healthCommand(options(image, { Test: ['NONE'] })), undefined);
  });

  it('takes times of a millisecond at least', () => {
    checkHealthcheck(options(image, { Interval: 1e6, Timeout: 0 }));
    for (const own of [
      { Interval: 999_999 },
      { Timeout: 1 },
      { StartPeriod: 5 },
      { StartInterval: 7 },
      { Retries: -1 },
    ])
      assert.throws(() => checkHealthcheck(options(image, own)), { code: 'ERR_TINYD_OPTION_INVALID' });
  });
});
