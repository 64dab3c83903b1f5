import { strict as assert } from 'node:assert';
import { freePort, httpGet } from '../support/http';
import { CONFIGURED, PLAIN } from './images';
import { useEngine } from './suite';

/** Without the lines for IPv6, which docker adds. */
const ofIpv4 = (text: string): string[] => text.split(/\n|, /).filter(line => !line.includes('[::]'));

describe('ports', () => {
  const engine = useEngine();

  it('published on 127.0.0.1 are reached there, and listed', async () => {
    const port = await freePort();
    const flags = ['-p', `127.0.0.1:${port}:80`, '-p', '90/udp'];
    await engine.ok('run', '-d', '--name', 'web', ...flags, PLAIN, 'httpd', '-f', '-h', '/www');
    assert.match(await httpGet(`http://127.0.0.1:${port}/`), /Welcome/);
    for (const name of ['80', '80/tcp'])
      assert.equal(await engine.ok('port', 'web', name), `127.0.0.1:${port}`);
    const lines = ofIpv4(await engine.ok('port', 'web')).sort();
    assert.equal(lines[0], `80/tcp -> 127.0.0.1:${port}`);
    assert.match(lines[1] ?? '', /^90\/udp -> 0\.0\.0\.0:\d+$/);
    const shown = ofIpv4(await engine.ok('ps', '--format', '{{.Ports}}'));
    assert.ok(shown.includes(`127.0.0.1:${port}->80/tcp`), shown.join());
    assert.match(shown.join(), /0\.0\.0\.0:\d+->90\/udp/);
    for (const name of ['80/udp', '99', 'bogus'])
      assert.equal((await engine.run(['port', 'web', name])).code, 1, name);
    const bindings = JSON.parse(await engine.ok('inspect', '-f', '{{json .NetworkSettings.Ports}}', 'web'));
    assert.deepEqual(bindings['80/tcp'], [{ HostIp: '127.0.0.1', HostPort: String(port) }]);
  });

  it('that an image exposes are published by -P', async () => {
    await engine.ok('run', '-d', '--name', 'all', '-P', '--entrypoint', 'sleep', CONFIGURED, '100');
    const lines = ofIpv4(await engine.ok('port', 'all')).sort();
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? '', /^53\/udp -> 0\.0\.0\.0:\d+$/);
    assert.match(lines[1] ?? '', /^80\/tcp -> 0\.0\.0\.0:\d+$/);
  });

  it('are discarded with a warning on the network of the host', async () => {
    const { code, stderr } = await engine.run([
      'run',
      '--rm',
      '--network',
      'host',
      '-p',
      '80:80',
      PLAIN,
      'true',
    ]);
    assert.equal(code, 0);
    assert.match(stderr, /ublished ports are discarded/);
  });

  it('that are exposed alone are listed without an address', async () => {
    const flags = ['--expose', '7000-7002', '--entrypoint', 'sleep'];
    await engine.ok('run', '-d', '--name', 'shy', ...flags, CONFIGURED, '100');
    const shown = (await engine.ok('ps', '--format', '{{.Ports}}')).split(', ').sort();
    assert.deepEqual(shown, ['53/udp', '7000-7002/tcp', '80/tcp']);
    assert.equal(await engine.ok('port', 'shy'), '');
    const ports = JSON.parse(await engine.ok('inspect', '-f', '{{json .NetworkSettings.Ports}}', 'shy'));
    assert.deepEqual(ports, {
      '53/udp': null,
      '80/tcp': null,
      '7000/tcp': null,
      '7001/tcp': null,
      '7002/tcp': null,
    });
  });

  it('that are taken make a start fail, and the container stays', async () => {
    const port = String(await freePort());
    await engine.ok('run', '-d', '--name', 'first', '-p', `${port}:80`, PLAIN, 'sleep', '100');
    assert.equal(
      (await engine.run(['run', '-d', '--name', 'second', '-p', `${port}:80`, PLAIN, 'true'])).code,
      125,
    );
    assert.equal(await engine.ok('inspect', '-f', '{{.State.Status}}', 'second'), 'created');
    await engine.ok('rm', '-f', 'first');
    await engine.ok('start', 'second');
  });
});
