import { strict as assert } from 'node:assert';
import {
  buildEnvironment,
  DEFAULT_PATH,
  overrideEnvironment,
} from '../../../packages/runtime/dist/spec/environment';

const SOURCES = { hostname: 'h', terminal: false, image: [], user: [], home: '/root' };

describe('environment of a container', () => {
  it('has PATH, HOSTNAME and HOME by default, TERM with a terminal', () => {
    assert.deepEqual(buildEnvironment(SOURCES), [`PATH=${DEFAULT_PATH}`, 'HOSTNAME=h', 'HOME=/root']);
    assert.ok(buildEnvironment({ ...SOURCES, terminal: true }).includes('TERM=xterm'));
  });

  it('takes the user over the image over the defaults', () => {
    const environment = buildEnvironment({
      ...SOURCES,
      image: ['PATH=/image', 'A=image', 'B=image', 'HOME=/image'],
      user: ['A=user', 'C=a=b'],
    });
    assert.deepEqual(environment.toSorted(), [
      'A=user',
      'B=image',
      'C=a=b',
      'HOME=/image',
      'HOSTNAME=h',
      'PATH=/image',
    ]);
  });

  it('removes what the user names without a value', () => {
    assert.deepEqual(buildEnvironment({ ...SOURCES, image: ['A=1'], user: ['A', 'HOSTNAME'] }), [
      `PATH=${DEFAULT_PATH}`,
      'HOME=/root',
    ]);
  });

  it('CVE-2026-57231: an image entry without a value never shows the host its variable', () => {
    process.env.TINYD_TEST_SECRET = 'secret';
    try {
      const image = ['TINYD_TEST_SECRET', 'HOME', '*', '=x', 'PATH', 'A\nB=1'];
      const environment = buildEnvironment({ ...SOURCES, image });
      assert.deepEqual(environment, [`PATH=${DEFAULT_PATH}`, 'HOSTNAME=h', 'A\nB=1', 'HOME=/root']);
    } finally {
      delete process.env.TINYD_TEST_SECRET;
    }
  });

  it('CVE-2020-14370: a thousand containers share no variable', () => {
    for (let index = 0; index < 1000; index++) {
      const user = [`V${index}=1`];
      const mine = buildEnvironment({ ...SOURCES, user }).filter(entry => entry.startsWith('V'));
      assert.deepEqual(mine, user);
    }
  });

  it('refuses a NUL byte', () => {
    assert.throws(() => buildEnvironment({ ...SOURCES, user: ['A=\0'] }), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
  });

  it('overrides for exec keep the order', () => {
    assert.deepEqual(overrideEnvironment(['A=1', 'B=2'], ['A=3', 'C=4', 'B']), ['A=3', 'C=4']);
  });
});
