import { strict as assert } from 'node:assert';
import { CONFIGURED, PLAIN } from './images';
import { useEngine } from './suite';

const LOOPBACK = [
  '127.0.0.1 localhost',
  '::1 localhost ip6-localhost ip6-loopback',
  'fe00:: ip6-localnet',
  'ff00:: ip6-mcastprefix',
  'ff02::1 ip6-allnodes',
  'ff02::2 ip6-allrouters',
];

describe('names in a container', () => {
  const engine = useEngine();
  /** Lines of /etc/hosts after the loopback ones, with the addresses of the bridge as OWN and GATEWAY. */
  const hosts = async (...flags: string[]): Promise<string[]> => {
    const text = await engine.inside('hostname -i; ip route; cat /etc/hosts', ...flags);
    const own = /src (\S+)/.exec(text)?.[1] ?? 'none';
    const gateway = /default via (\S+)/.exec(text)?.[1] ?? 'none';
    const lines = text.split('\n').map(line => line.replace(/\s+/g, ' ').trim());
    const start = lines.indexOf('127.0.0.1 localhost');
    const file = lines.slice(start);
    assert.deepEqual(file.slice(0, 6), LOOPBACK);
    return file.slice(6).map(line => line.replace(`${own} `, 'OWN ').replace(`${gateway} `, 'GATEWAY '));
  };

  it('are the short ID by default', async () => {
    const [name, file, ...rest] = (await engine.inside('hostname; cat /etc/hostname; echo $HOSTNAME')).split(
      '\n',
    );
    assert.match(name ?? '', /^[0-9a-f]{12}$/);
    assert.deepEqual([file, ...rest], [name, name]);
  });

  it('are what -h and --domainname say', async () => {
    assert.deepEqual(await hosts('-h', 'box'), ['OWN box']);
    assert.deepEqual(await hosts('-h', 'box', '--domainname', 'ex.org'), ['OWN box.ex.org box']);
    assert.deepEqual(await hosts('-h', 'box.ex.org'), ['OWN box.ex.org box']);
    const text = await engine.inside(
      'hostname; cat /proc/sys/kernel/domainname',
      '-h',
      'b',
      '--domainname',
      'x.y',
    );
    assert.equal(text, 'b\nx.y');
  });

  it('are added by --add-host', async () => {
    const flags = ['a:1.2.3.4', 'b=::1', 'g:host-gateway'].flatMap(each => ['--add-host', each]);
    assert.deepEqual(await hosts('-h', 'box', ...flags), ['1.2.3.4 a', '::1 b', 'GATEWAY g', 'OWN box']);
  });

  it('are resolved as --dns says', async () => {
    const options = ['--dns-option', 'ndots:3', '--dns-opt', 'timeout:2'];
    const flags = ['--dns', '9.9.9.9', '--dns-search', 'ex.org', ...options];
    const lines = (await engine.inside('cat /etc/resolv.conf', ...flags)).split('\n');
    assert.deepEqual(
      lines.filter(line => line !== '' && !line.startsWith('#')),
      ['nameserver 9.9.9.9', 'search ex.org', 'options ndots:3 timeout:2'],
    );
  });

  it('are of loopback alone without a network', async () => {
    const text = await engine.inside('ls /sys/class/net; tail -n +7 /etc/hosts', '--network', 'none');
    assert.equal(text, 'lo');
  });

  it("are the host's on its network", async () => {
    const [name, ...links] = (await engine.inside('hostname; ls /sys/class/net', '--network', 'host')).split(
      '\n',
    );
    const { hostname } = await import('node:os');
    assert.equal(name, hostname());
    assert.ok(links.includes('lo') && links.length > 1, links.join());
  });

  it('may be written by root in the container', async () => {
    assert.match(await engine.inside('echo 1.1.1.1 x >> /etc/hosts; grep x$ /etc/hosts'), /^1\.1\.1\.1 x$/m);
    assert.equal((await engine.run(['run', '--rm', PLAIN, 'sh', '-c', 'rm /etc/hosts'])).code, 1);
    assert.equal((await engine.run(['run', '--rm', CONFIGURED, 'x'])).code, 0);
  });
});
