import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PLAIN } from './images';
import { useEngine } from './suite';

const MADE = 'conformance/made';

describe('images of containers', () => {
  const engine = useEngine();
  let folder: string;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    const flags = ['-e', 'A=1', '-l', 'kept=yes', '-w', '/tmp'];
    await engine.ok(
      'run',
      '--name',
      'box',
      ...flags,
      PLAIN,
      'sh',
      '-c',
      'echo made > /made; rm /www/index.html',
    );
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await engine.run(['rmi', '-f', MADE]);
  });
  const inspect = (format: string, image = MADE): Promise<string> =>
    engine.ok('image', 'inspect', '-f', format, image);
  const config = async () => JSON.parse(await inspect('{{json .Config}}'));

  it('are made by commit, as one layer on those of the image', async () => {
    const id = await engine.ok('commit', '-a', 'An Author', '-m', 'a message', 'box', MADE);
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    assert.equal(await inspect('{{.Id}} {{.Author}} {{.Comment}}'), `${id} An Author a message`);
    const layers = JSON.parse(await inspect('{{json .RootFS.Layers}}')) as string[];
    assert.deepEqual(layers.slice(0, -1), JSON.parse(await inspect('{{json .RootFS.Layers}}', PLAIN)));
    const shown = ['sh', '-c', 'cat /made; ls /www; pwd; echo $A'];
    assert.equal(await engine.ok('run', '--rm', MADE, ...shown), 'made\n/tmp\n1');
    const { Cmd, Labels, WorkingDir } = await config();
    assert.deepEqual(
      [Cmd, Labels, WorkingDir],
      [['sh', '-c', 'echo made > /made; rm /www/index.html'], { kept: 'yes' }, '/tmp'],
    );
    assert.match(await engine.ok('history', '--no-trunc', '--format', '{{.Comment}}', MADE), /^a message$/m);
  });

  it('are changed by --change', async () => {
    const changes = [
      ...['CMD ["cat", "/made"]', 'ENTRYPOINT ["env"]', 'ENV B=2 C="3 4"', 'EXPOSE 80/tcp', 'LABEL x=y'],
      ...[
        'USER app',
        'VOLUME /data',
        'WORKDIR /srv',
        'STOPSIGNAL SIGINT',
        'HEALTHCHECK --interval=5s CMD true',
      ],
    ];
    await engine.ok('commit', ...changes.flatMap(each => ['-c', each]), 'box', MADE);
    const { Cmd, Entrypoint, Env, ExposedPorts, Labels, User, Volumes, WorkingDir, StopSignal, Healthcheck } =
      await config();
    assert.deepEqual([Cmd, Entrypoint], [['cat', '/made'], ['env']]);
    assert.deepEqual(Env.sort(), ['A=1', 'B=2', 'C=3 4', 'PATH=/bin:/usr/bin']);
    assert.deepEqual([ExposedPorts, Volumes], [{ '80/tcp': {} }, { '/data': {} }]);
    assert.deepEqual(
      [Labels, User, WorkingDir, StopSignal],
      [{ kept: 'yes', x: 'y' }, 'app', '/srv', 'SIGINT'],
    );
    assert.deepEqual([Healthcheck.Test, Healthcheck.Interval], [['CMD-SHELL', 'true'], 5_000_000_000]);
    for (const change of ['RUN true', 'NOSUCH x'])
      assert.equal((await engine.run(['commit', '-c', change, 'box', MADE])).code, 1, change);
    assert.equal((await engine.run(['commit', 'nobody', MADE])).code, 1);
    assert.equal((await engine.run(['commit', 'box', 'BAD'])).code, 1);
  });

  it('go through save and load as they are', async () => {
    const id = await engine.ok('commit', 'box', MADE);
    const file = join(folder, 'image.tar');
    await engine.ok('save', '-o', file, MADE);
    await engine.ok('rmi', MADE);
    assert.equal((await engine.run(['image', 'inspect', MADE])).code, 1);
    assert.equal(await engine.ok('load', '-i', file), `Loaded image: ${MADE}:latest`);
    assert.equal(await inspect('{{.Id}}'), id);
    assert.equal(await engine.ok('run', '--rm', MADE, 'cat', '/made'), 'made');
  });

  it('of one layer are made by import of what export wrote', async () => {
    const file = join(folder, 'root.tar');
    await engine.ok('export', '-o', file, 'box');
    const words = ['-c', 'CMD ["/bin/cat", "/made"]', '-m', 'a message', file, MADE];
    assert.match(await engine.ok('import', ...words), /^sha256:[0-9a-f]{64}$/);
    assert.equal(await inspect('{{.Comment}} {{len .RootFS.Layers}}'), 'a message 1');
    assert.equal(await engine.ok('run', '--rm', MADE), 'made');
  });
});
