import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import { AgentError, HOST_ADDRESS, Lab, type Settings } from './namespace';

/** The error of an operation that must fail. */
async function failure(operation: Promise<unknown>): Promise<AgentError> {
  const error = await operation.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AgentError, 'the operation should have failed');
  return error;
}

describe('published ports', () => {
  let lab: Lab;
  const id = (digit: string) => digit.repeat(64);

  beforeEach(async () => {
    lab = await Lab.create();
  });
  afterEach(() => lab.close());

  it('are refused when a program listens, naming it and a free port', async () => {
    for (const protocol of ['tcp', 'udp'] as const) {
      await lab.host.listen(protocol, 8080, 'squatter');
      const error = await failure(lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol }]));
      assert.equal(error.code, 'ERR_TINYD_PORT_TAKEN');
      assert.equal(error.details.pid, lab.host.pid);
      assert.equal(error.details.freePort, 8081);
    }
  });

  it('are refused when only one address of the host has a listener, and all are asked for', async () => {
    await lab.host.listen('tcp', 8080, 'squatter', HOST_ADDRESS);
    const error = await failure(
      lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]),
    );
    assert.equal(error.details.pid, lab.host.pid);
    await lab.attach(id('a'), [{ hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
  });

  it('are refused when a container has them, naming it', async () => {
    await lab.start('web', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
    const error = await failure(
      lab.attach(id('a'), [{ hostIp: '127.0.0.1', hostPort: 8080, containerPort: 81, protocol: 'tcp' }]),
    );
    assert.equal(error.code, 'ERR_TINYD_PORT_TAKEN');
    assert.equal(error.details.container, lab.containers[0]?.id);
    assert.match(error.message, /container web \(776562000000\)/);
    await lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'udp' }]);
  });

  it('are refused on an address that the host does not have', async () => {
    const error = await failure(
      lab.attach(id('a'), [{ hostIp: '198.51.100.1', hostPort: 80, containerPort: 80, protocol: 'tcp' }]),
    );
    assert.equal(error.code, 'ERR_TINYD_OPTION_INVALID');
  });

  it('leave no address taken when they are refused', async () => {
    await lab.host.listen('tcp', 8080, 'squatter');
    await failure(lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]));
    const map = await lab.host.run(`head -c 8 ${lab.root}/networks/bridge.bitmap`);
    assert.equal(map, '11000000');
  });

  it('are chosen where nobody names them, different ones for each container', async () => {
    const any = { containerPort: 80, protocol: 'tcp' } as const;
    const first = await lab.attach(id('a'), [any, { containerPort: 81, protocol: 'tcp' }]);
    const second = await lab.attach(id('b'), [any]);
    const ports = [...first.settings.ports, ...second.settings.ports].map(port => port.hostPort);
    assert.equal(new Set(ports).size, 3);
    for (const port of ports) assert.ok(port >= 32768 && port <= 60999, String(port));
  });

  it('are the first free ones of a range', async () => {
    await lab.host.listen('tcp', 8000, 'squatter');
    const { settings } = await lab.attach(id('a'), [
      { hostPort: 8000, hostPortEnd: 8003, containerPort: 80, protocol: 'tcp' },
      { hostPort: 8001, containerPort: 81, protocol: 'tcp' },
    ]);
    const chosen = settings.ports.map(port => [port.hostPort, port.containerPort]);
    assert.deepEqual(chosen, [
      [8002, 80],
      [8001, 81],
    ]);
  });

  it('are published once when they are named twice, on every address if one of them says so', async () => {
    const { settings } = await lab.attach(id('a'), [
      { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ]);
    assert.deepEqual(settings.ports, [
      { hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    ]);
  });

  it('are refused when one is to lead to two ports of the container', async () => {
    const error = await failure(
      lab.attach(id('a'), [
        { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
        { hostPort: 8080, containerPort: 81, protocol: 'tcp' },
      ]),
    );
    assert.equal(error.code, 'ERR_TINYD_OPTION_INVALID');
  });

  it('include every exposed port with --publish-all', async () => {
    const { settings } = await lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }], {
      publishAll: true,
      exposed: ['80/tcp', '443', '53/udp', '9000-9001/tcp'],
    });
    const names = settings.ports.map(port => `${port.containerPort}/${port.protocol}`);
    assert.deepEqual(names, ['53/udp', '80/tcp', '443/tcp', '9000/tcp', '9001/tcp']);
    assert.equal(settings.ports[1]?.hostPort, 8080);
  });

  it('lead to the new container though a monitor died without taking them back', async () => {
    await lab.start('old', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
    const [old] = lab.containers.splice(0, 1);
    await old?.namespace.close();
    // The kernel takes a namespace apart in its own time.
    while ((await lab.host.run('ip -o link')).includes(old?.settings.hostVeth ?? '')) await sleep(10);
    const fresh = await lab.start('new', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
    await fresh.listen('tcp', 80, 'new');
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^new /);
  });

  it('are refused while another start has put them in place but is not known to run yet', async () => {
    await lab.start('faster', [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
    const [faster] = lab.containers.splice(0, 1);
    await faster?.namespace.listen('tcp', 80, 'faster');
    const error = await failure(
      lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]),
    );
    assert.equal(error.code, 'ERR_TINYD_PORT_TAKEN');
    assert.match(await lab.outside.ask('tcp', HOST_ADDRESS, 8080), /^faster /);
  });

  it('are taken back by the batch that the monitor sends at the end', async () => {
    const ports = [
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostIp: '127.0.0.1', hostPort: 8080, containerPort: 80, protocol: 'udp' },
    ] as const;
    const elements = () => lab.host.run('nft list table inet tinyd').then(text => text.includes('8080'));
    await lab.start('web', ports);
    assert.equal(await elements(), true);
    const { portTeardownBatch } = await lab.host.request<{ portTeardownBatch: string }>(
      'attach',
      lab.request(id('0'), []),
      [],
    );
    assert.equal(portTeardownBatch, '');
    await lab.host.request('teardown', lab.containers[0]?.id);
    assert.equal(await elements(), false);
  });

  it('are reached by a peer that goes on sending while the container is replaced', async () => {
    const port = { hostPort: 5353, containerPort: 53, protocol: 'udp' } as const;
    const first = await lab.start('first', [port]);
    await first.listen('udp', 53, 'first');
    const peer = { address: '0.0.0.0', port: 40000 };
    const ask = () => lab.outside.ask('udp', HOST_ADDRESS, 5353, peer);
    const knock = () => lab.outside.knock('udp', HOST_ADDRESS, 5353, peer);
    assert.match(await ask(), /^first /);
    await lab.stop('first');
    assert.equal(await knock(), 'timeout');
    const second = await lab.start('second', [port]);
    await second.listen('udp', 53, 'second');
    assert.equal(await knock(), 'timeout', 'the kernel still remembers the first container');
    await lab.network('forgetFlows', lab.settings('second'));
    assert.match(await ask(), /^second /);
  });

  it('are shown in settings that are plain JSON', async () => {
    const { settings } = await lab.attach(id('a'), [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
    const copy = JSON.parse(JSON.stringify(settings)) as Settings;
    assert.deepEqual(copy, settings);
    assert.deepEqual(copy.ports, [{ hostIp: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' }]);
  });
});
