import { strict as assert } from 'node:assert';
import { lookAtBridge } from '@tinyd/native';

describe('a look at a bridge', () => {
  it('finds nothing where no link has the name', () => {
    assert.equal(lookAtBridge('tinyd-no-link'), undefined);
  });

  it('refuses a link that is no bridge, and what cannot be the name of a link', () => {
    assert.throws(() => lookAtBridge('lo'), { code: 'ENOTSUP' });
    assert.throws(() => lookAtBridge(''), { code: 'ENODEV' });
    assert.throws(() => lookAtBridge('a-name-of-a-link'), { code: 'ENODEV' });
  });
});
