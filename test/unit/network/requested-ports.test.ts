import { strict as assert } from 'node:assert';
import { requestedPorts } from '../../../packages/runtime/dist/network/ports/requested';

const tcp = { containerPort: 80, protocol: 'tcp' } as const;

describe('requested ports', () => {
  it('stand for every address and any port unless these are named', () => {
    assert.deepEqual(requestedPorts([tcp], [], false), [{ ...tcp, hostIp: '0.0.0.0', range: undefined }]);
    assert.deepEqual(requestedPorts([{ ...tcp, hostIp: '', hostPort: 0 }], [], false), [
      { ...tcp, hostIp: '0.0.0.0', range: undefined },
    ]);
  });

  it('keep address, port and range', () => {
    const mapping = { ...tcp, hostIp: '127.0.0.1', hostPort: 8000, hostPortEnd: 8010 };
    assert.deepEqual(requestedPorts([mapping], [], false), [
      { ...tcp, hostIp: '127.0.0.1', range: { first: 8000, last: 8010 } },
    ]);
  });

  it('leave exposed ports alone without --publish-all', () => {
    assert.deepEqual(requestedPorts([], ['80'], false), []);
  });

  it('take every exposed port once with --publish-all, and not those that are mapped', () => {
    const ports = requestedPorts(
      [{ ...tcp, hostPort: 8080 }],
      ['80/tcp', '80/udp', '80/UDP', '90-91', '90/tcp'],
      true,
    );
    const names = ports.map(port => `${port.containerPort}/${port.protocol}`);
    assert.deepEqual(names, ['80/tcp', '80/udp', '90/tcp', '91/tcp']);
  });

  for (const text of ['', 'http', '0', '70000', '91-90', '80/', '80/icmp', '-1', '1-2-3']) {
    it(`are not read from EXPOSE ${JSON.stringify(text)}`, () =>
      assert.throws(() => requestedPorts([], [text], true), { code: 'ERR_TINYD_OPTION_INVALID' }));
  }

  it('cannot be sctp or IPv6, which is said', () => {
    assert.throws(() => requestedPorts([], ['80/sctp'], true), { code: 'ERR_TINYD_OPTION_UNSUPPORTED' });
    assert.throws(() => requestedPorts([{ ...tcp, hostIp: '::1' }], [], false), {
      code: 'ERR_TINYD_OPTION_UNSUPPORTED',
    });
  });

  it('are refused with an address that is none, or a number that is no port', () => {
    assert.throws(() => requestedPorts([{ ...tcp, hostIp: 'localhost' }], [], false), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
    assert.throws(() => requestedPorts([{ ...tcp, hostPort: 65536 }], [], false), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
  });
});
