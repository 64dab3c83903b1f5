import assert from 'node:assert/strict';
import { onHost, useTinyd } from './guest';

/** What docker 28 sets up before its first network. */
const DOCKER = [
  'iptables -N DOCKER-USER',
  'iptables -N DOCKER-FORWARD',
  'iptables -A FORWARD -j DOCKER-USER',
  'iptables -A FORWARD -j DOCKER-FORWARD',
  'iptables -P FORWARD DROP',
];
const HOST = '192.0.2.1';
const OUTSIDE = '192.0.2.9';

describe('published ports where the FORWARD chain drops by policy', () => {
  const tinyd = useTinyd();
  /** Asks the host for a page, from the machine outside. */
  const page = (port: number) => {
    const request = `exec 3<>/dev/tcp/${HOST}/${port}; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3`;
    return onHost(`ip netns exec outside timeout 10 bash -c '${request}' 2>&1`);
  };

  before(() => {
    onHost(
      [
        'ip netns add outside',
        'ip link add out0 type veth peer name out0 netns outside',
        `ip address add ${HOST}/24 dev out0; ip link set out0 up`,
        `ip -n outside address add ${OUTSIDE}/24 dev out0; ip -n outside link set out0 up`,
        ...DOCKER,
      ].join('\n'),
    );
  });
  after(() => {
    onHost('ip netns del outside; iptables -P FORWARD ACCEPT; iptables -F; iptables -X');
  });

  it('are reached from another machine, and the container reaches it', async () => {
    await tinyd.ok(
      ...['run', '-d', '--name', 'web', '-p', '8080:80', 'busybox', 'httpd', '-f', '-h', '/www'],
    );
    assert.match(page(8080), /Welcome/);
    assert.match(await tinyd.ok('exec', 'web', 'ping', '-c', '1', '-W', '10', OUTSIDE), /1 packets received/);
    assert.match(onHost('iptables -S DOCKER-USER'), /-i tinyd\S* -j ACCEPT/);
    assert.throws(() => page(8081));
    await tinyd.ok('rm', '-f', 'web');
  });
});
