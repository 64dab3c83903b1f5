import assert from 'node:assert/strict';
import { readCreateOptions } from '../../../../packages/cli/dist/flags/create-options';
import { refusal } from './refusal';

describe('create options', () => {
  const attached = { stdin: true, stdout: true, stderr: true };
  const read = (values: Record<string, unknown>) => readCreateOptions(values as never, attached, {});

  it("have docker's defaults", () => {
    const options = read({});
    assert.deepEqual(options.network, { mode: 'bridge' });
    assert.deepEqual(options.limits, {});
    assert.equal(options.openStdin, false);
    assert.equal(options.stdinOnce, false);
    assert.ok(!('name' in options) && !('shmBytes' in options));
  });

  it('carry what the flags say', () => {
    const options = read({
      interactive: true,
      entrypoint: '',
      memory: '64m',
      cpus: '0.5',
      publish: ['1-2:1-2'],
      'stop-timeout': '3',
    });
    assert.deepEqual(options.entrypoint, []);
    assert.deepEqual(options.limits, { memoryBytes: 67_108_864, nanoCpus: 500_000_000 });
    assert.equal(options.stdinOnce, true);
    assert.equal(options.ports.length, 2);
    assert.equal(options.stopTimeout, 3);
  });

  it('read restart policies', () => {
    assert.equal(read({ restart: 'no' }).restart, undefined);
    assert.equal(read({ restart: '' }).restart, undefined);
    assert.deepEqual(read({ restart: 'always' }).restart, { name: 'always', maximumRetryCount: 0 });
    assert.deepEqual(read({ restart: 'on-failure:3' }).restart, {
      name: 'on-failure',
      maximumRetryCount: 3,
    });
    for (const wrong of ['never', 'always:3', 'on-failure:', 'on-failure:-1', 'on-failure:1:2', 'ALWAYS'])
      assert.equal(
        refusal(() => read({ restart: wrong })),
        'INVALID',
        wrong,
      );
  });

  it('refuse two mounts on one target', () => {
    assert.equal(
      refusal(() => read({ volume: ['/a:/x'], tmpfs: ['/x'] }), '/x'),
      'INVALID',
    );
  });
});
