import { strict as assert } from 'node:assert';
import { useFreshTinyd } from '../../support/use-tinyd';

describe('run --replace', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();

  const names = (): Promise<string> => tinyd.ok('ps', '-a', '--format', '{{.ID}} {{.Names}}', '--no-trunc');

  it('takes the place of the container that has the name, however it is', async () => {
    const first = await tinyd.ok(
      'run',
      '-d',
      '--replace',
      '--name',
      'web',
      '-p',
      '127.0.0.1:18931:80',
      'busybox',
      'sleep',
      '300',
    );
    const second = await tinyd.ok(
      'run',
      '-d',
      '--replace',
      '--name',
      'web',
      '--restart',
      'always',
      '-p',
      '127.0.0.1:18931:80',
      'busybox',
      'false',
    );
    assert.notEqual(first, second);
    assert.equal(await names(), `${second} web`);
    const third = await tinyd.ok('create', '--replace', '--name', 'web', 'busybox', 'true');
    assert.equal(await names(), `${third} web`);
  });

  it('leaves a container whose ID begins so, and one that a wrong option would replace', async () => {
    const other = await tinyd.ok('create', '--name', 'other', 'busybox', 'true');
    const named = await tinyd.ok('create', '--replace', '--name', other.slice(0, 12), 'busybox', 'true');
    assert.equal((await names()).split('\n').length, 2);
    const wrong = await tinyd.run([
      'create',
      '--replace',
      '--name',
      other.slice(0, 12),
      '--stop-signal',
      'NONE',
      'busybox',
    ]);
    assert.equal(wrong.code, 125);
    assert.match(await names(), new RegExp(named));
    const { code, stderr } = await tinyd.run(['run', '--replace', 'busybox', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, /--replace: there is no --name/);
  });
});
