import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseDetachKeys, parseDetachKeys } from '../../../../packages/cli/dist/flags/detach-keys';
import {
  parseCapability,
  parseDevice,
  parseLog,
  parseSignal,
} from '../../../../packages/cli/dist/flags/process';
import { parseSecurityOptions } from '../../../../packages/cli/dist/flags/security';
import { refusal } from './refusal';

describe('process flags', () => {
  it('read signals', () => {
    assert.deepEqual(
      ['TERM', 'sigint', '9', 'SIGRTMIN+3', 'RTMAX'].map(text => parseSignal('signal', text)),
      ['SIGTERM', 'SIGINT', '9', '37', '64'],
    );
    for (const text of ['', '0', '65', 'NOPE', 'RTMIN+31'])
      assert.equal(
        refusal(() => parseSignal('signal', text)),
        'INVALID',
        text,
      );
  });

  it('read devices and capabilities', () => {
    assert.deepEqual(parseDevice('device', '/dev/fuse'), {
      source: '/dev/fuse',
      target: '/dev/fuse',
      permissions: 'rwm',
    });
    assert.deepEqual(parseDevice('device', '/dev/sda:r'), {
      source: '/dev/sda',
      target: '/dev/sda',
      permissions: 'r',
    });
    assert.deepEqual(parseDevice('device', '/dev/sda:/dev/xvdc:rw'), {
      source: '/dev/sda',
      target: '/dev/xvdc',
      permissions: 'rw',
    });
    assert.equal(
      refusal(() => parseDevice('device', 'fuse')),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseDevice('device', '/dev/a:/dev/b:rx')),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseDevice('device', 'vendor.com/gpu=all')),
      'UNSUPPORTED',
    );
    assert.deepEqual(
      ['net_admin', 'CAP_SYS_TIME', 'all'].map(text => parseCapability('cap-add', text)),
      ['CAP_NET_ADMIN', 'CAP_SYS_TIME', 'ALL'],
    );
  });

  it('read log options; rotation is on by default', () => {
    assert.deepEqual(parseLog(undefined, []), { driver: 'json-file', maxBytes: 10_485_760, maxFiles: 3 });
    assert.deepEqual(parseLog('json-file', ['max-size=1k', 'max-file=1']), {
      driver: 'json-file',
      maxBytes: 1000,
      maxFiles: 1,
    });
    assert.equal(parseLog('none', []).driver, 'none');
    assert.equal(
      refusal(() => parseLog('syslog', [])),
      'UNSUPPORTED',
    );
    assert.equal(
      refusal(() => parseLog(undefined, ['tag=x'])),
      'UNSUPPORTED',
    );
    assert.equal(
      refusal(() => parseLog(undefined, ['max-file=0'])),
      'INVALID',
    );
  });

  it('read security options', () => {
    const read = (...entries: string[]) => parseSecurityOptions('security-opt', entries);
    assert.deepEqual(read(), { noNewPrivileges: false, seccomp: 'default', systemPathsUnconfined: false });
    assert.deepEqual(read('no-new-privileges', 'seccomp=unconfined', 'systempaths=unconfined'), {
      noNewPrivileges: true,
      seccomp: 'unconfined',
      systemPathsUnconfined: true,
    });
    assert.equal(read('no-new-privileges:false').noNewPrivileges, false);
    assert.equal(
      refusal(() => read('label=type:x')),
      'UNSUPPORTED',
    );
    assert.equal(
      refusal(() => read('nonsense')),
      'INVALID',
    );
    assert.throws(() => read('seccomp=/does/not/exist'), { code: 'ERR_TINYD_SECCOMP_INVALID' });
  });

  it('read detach keys', () => {
    assert.deepEqual(parseDetachKeys('detach-keys', 'ctrl-p,ctrl-q'), [16, 17]);
    assert.deepEqual(parseDetachKeys('detach-keys', 'ctrl-@,a,ctrl-[,ctrl-_'), [0, 97, 27, 31]);
    assert.deepEqual(parseDetachKeys('detach-keys', ''), []);
    assert.equal(
      refusal(() => parseDetachKeys('detach-keys', 'ctrl-1')),
      'INVALID',
    );
    assert.deepEqual(chooseDetachKeys(undefined, { DOCKER_CONFIG: '/does/not/exist' }), [16, 17]);
    const folder = mkdtempSync(join(tmpdir(), 'tinyd-keys-'));
    try {
      writeFileSync(join(folder, 'config.json'), '{"detachKeys":"ctrl-a,d"}');
      assert.deepEqual(chooseDetachKeys(undefined, { DOCKER_CONFIG: folder }), [1, 100]);
      assert.deepEqual(chooseDetachKeys('ctrl-x', { DOCKER_CONFIG: folder }), [24]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
