import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { httpGet } from '../../support/http';
import { useTinyd } from '../../support/use-tinyd';

describe('ports of a running container', function () {
  this.timeout(60_000);
  const tinyd = useTinyd();
  before(async () => {
    await tinyd.ok(
      ...['run', '-d', '--name', 'web', '-p', '127.0.0.1:8071:80'],
      ...['busybox', 'httpd', '-f', '-h', '/www'],
    );
  });

  const answers = async (port: number): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/`)
      .then(answer => answer.text())
      .then(
        text => /Welcome/.test(text),
        () => false,
      );
  const listening = (): string => execFileSync('ss', ['-tlnaH'], { encoding: 'utf8' });

  it('are added, held and taken back', async () => {
    assert.equal(await answers(8072), false);
    assert.equal(await tinyd.ok('port', 'add', 'web', '8072:80'), '80/tcp -> 0.0.0.0:8072');
    assert.ok((await answers(8072)) && (await answers(8071)));
    const rival = await tinyd.run(['run', '--rm', '-p', '8072:80', 'busybox', 'true']);
    assert.match(rival.stderr, /port is used by container web/);
    // Nobody else gets it.
    const server = createServer();
    const outcome = await new Promise<string>(resolve => {
      server.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? ''));
      server.listen(8072, () => resolve('bound'));
    });
    server.close();
    assert.equal(outcome, 'EADDRINUSE', listening());
    assert.equal(await tinyd.ok('port', 'rm', 'web', '8072:80'), '80/tcp -> 0.0.0.0:8072');
    assert.equal(await answers(8072), false);
    assert.ok(await answers(8071));
    server.listen(8072);
    await new Promise(resolve => server.once('listening', resolve));
    const taken = await tinyd.run(['port', 'add', 'web', '8072:80']);
    server.close();
    assert.match(taken.stderr, /ERR_TINYD_PORT_TAKEN/);
    assert.equal(await tinyd.ok('port', 'web'), '80/tcp -> 127.0.0.1:8071');
  });

  it('last over a restart, and are given back at the end', async () => {
    const [line = ''] = (await tinyd.ok('port', 'add', 'web', '8073:80', '127.0.0.1::81/udp')).split('\n');
    assert.equal(line, '80/tcp -> 0.0.0.0:8073');
    assert.match(await tinyd.ok('port', 'web', '81/udp'), /^127\.0\.0\.1:\d+$/);
    await tinyd.ok('restart', '-t', '0', 'web');
    await httpGet('http://127.0.0.1:8071/');
    assert.ok((await answers(8073)) && (await answers(8071)));
    await tinyd.ok('port', 'rm', 'web', '81/udp', '8071:80');
    assert.equal(await tinyd.ok('port', 'web'), '80/tcp -> 0.0.0.0:8073');
    await tinyd.ok('stop', '-t', '0', 'web');
    assert.doesNotMatch(
      execFileSync('nft', ['list', 'map', 'inet', 'tinyd', 'ports'], { encoding: 'utf8' }),
      /8073/,
    );
  });

  it('are refused where they cannot be', async () => {
    const refused = async (code: string, ...args: string[]) =>
      assert.match((await tinyd.run(args)).stderr, new RegExp(`ERR_TINYD_${code}`), args.join(' '));
    await refused('CONTAINER_STATE', 'port', 'add', 'web', '8074:80');
    await tinyd.ok('start', 'web');
    await refused('OPTION_INVALID', 'port', 'rm', 'web', '8074:80');
    await refused('OPTION_INVALID', 'port', 'add', 'web', '8074:99999');
    await tinyd.ok('run', '-d', '--name', 'alone', '--network', 'none', 'busybox', 'sleep', '100');
    await refused('OPTION_INVALID', 'port', 'add', 'alone', '8074:80');
    assert.equal(await answers(8074), false);
    await tinyd.ok('rm', '-f', 'web', 'alone');
  });
});
