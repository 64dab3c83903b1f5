import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import { readCreateOptions } from '../../../packages/cli/dist/flags/create-options';
import { chooseDetachKeys, parseDetachKeys } from '../../../packages/cli/dist/flags/detach-keys';
import { resolveEnvironment, resolveLabels } from '../../../packages/cli/dist/flags/environment';
import { parseFilters } from '../../../packages/cli/dist/flags/filters';
import {
  parseMount,
  parseTmpfs,
  parseVolume,
  parseVolumesFrom,
} from '../../../packages/cli/dist/flags/mounts';
import { parseAddHost, parseHostname } from '../../../packages/cli/dist/flags/network';
import { parseNetwork, readNetworks } from '../../../packages/cli/dist/flags/networks';
import {
  parseCpus,
  parseCpuset,
  parseDecimalSize,
  parseInteger,
  parseMemory,
  parseMemorySwap,
  parseUlimit,
} from '../../../packages/cli/dist/flags/numbers';
import { parseExpose, parsePublish } from '../../../packages/cli/dist/flags/ports';
import {
  parseCapability,
  parseDevice,
  parseLog,
  parseSignal,
} from '../../../packages/cli/dist/flags/process';
import { parseSecurityOptions } from '../../../packages/cli/dist/flags/security';

/** Code of what `action` throws; the message must name `operand`. */
function refusal(action: () => unknown, operand = ''): string {
  try {
    action();
  } catch (error) {
    assert.ok(isTinydError(error), String(error));
    assert.ok(error.message.includes(operand), `${error.message} does not name ${operand}`);
    return error.code.replace('ERR_TINYD_OPTION_', '');
  }
  return assert.fail('nothing was thrown');
}

describe('sizes and numbers', () => {
  it('read memory in powers of 1024', () => {
    const cases = {
      '64m': 67_108_864,
      '1g': 1_073_741_824,
      '1.5G': 1_610_612_736,
      '512': 512,
      '10kb': 10_240,
      '1GiB': 1_073_741_824,
      '7B': 7,
    };
    for (const [text, bytes] of Object.entries(cases)) assert.equal(parseMemory('memory', text), bytes, text);
    for (const text of ['', 'zz', '-1', '1x', '0x10', '1 2', '9999999999g']) {
      assert.equal(
        refusal(() => parseMemory('memory', text), '--memory'),
        'INVALID',
        text,
      );
    }
    assert.equal(parseMemorySwap('memory-swap', '-1'), -1);
    assert.equal(parseDecimalSize('log-opt', '10m'), 10_000_000);
  });

  it('read CPUs exactly', () => {
    assert.equal(parseCpus('cpus', '0.5'), 500_000_000);
    assert.equal(parseCpus('cpus', '1.000000001'), 1_000_000_001);
    assert.equal(parseCpus('cpus', '.25'), 250_000_000);
    assert.equal(parseCpus('cpus', '2'), 2_000_000_000);
    for (const text of ['', '.', '-1', '1e3', '0.1234567890'])
      assert.equal(
        refusal(() => parseCpus('cpus', text)),
        'INVALID',
        text,
      );
  });

  it('read whole numbers within bounds, lists of CPUs, and rlimits', () => {
    assert.equal(parseInteger('pids-limit', '-1', -1), -1);
    assert.equal(
      refusal(() => parseInteger('pids-limit', '-2', -1)),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseInteger('pids-limit', '1.5', -1)),
      'INVALID',
    );
    assert.equal(parseCpuset('cpuset-cpus', '0-3,5'), '0-3,5');
    assert.equal(
      refusal(() => parseCpuset('cpuset-cpus', '0-')),
      'INVALID',
    );
    assert.deepEqual(parseUlimit('ulimit', 'nofile=1024:2048'), { name: 'nofile', soft: 1024, hard: 2048 });
    assert.deepEqual(parseUlimit('ulimit', 'core=-1'), { name: 'core', soft: -1, hard: -1 });
    assert.equal(
      refusal(() => parseUlimit('ulimit', 'nofile=2048:1024')),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseUlimit('ulimit', 'files=1')),
      'INVALID',
    );
  });
});

describe('--publish', () => {
  const read = (text: string) => parsePublish('publish', text);

  it('reads one port in all its forms', () => {
    assert.deepEqual(read('8080:80'), [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }]);
    assert.deepEqual(read('80'), [{ protocol: 'tcp', containerPort: 80 }]);
    assert.deepEqual(read(':80/udp'), [{ protocol: 'udp', containerPort: 80 }]);
    assert.deepEqual(read('127.0.0.1::80'), [{ hostIp: '127.0.0.1', protocol: 'tcp', containerPort: 80 }]);
    assert.deepEqual(read('127.0.0.1:0:80'), read('127.0.0.1::80'));
    assert.deepEqual(read('127.0.0.1:53:53/UDP'), [
      { hostIp: '127.0.0.1', protocol: 'udp', hostPort: 53, containerPort: 53 },
    ]);
    assert.deepEqual(read('[::1]:80:80'), [
      { hostIp: '::1', protocol: 'tcp', hostPort: 80, containerPort: 80 },
    ]);
  });

  it('unrolls ranges', () => {
    assert.deepEqual(
      read('7000-7002:8000-8002').map(port => [port.hostPort, port.containerPort]),
      [
        [7000, 8000],
        [7001, 8001],
        [7002, 8002],
      ],
    );
    assert.deepEqual(read('8000-8010:80'), [
      { protocol: 'tcp', hostPort: 8000, hostPortEnd: 8010, containerPort: 80 },
    ]);
    assert.equal(read('7000-7002').length, 3);
  });

  it('refuses what it is not', () => {
    for (const text of [
      '',
      ':',
      '0',
      '65536',
      '8080:',
      'a:80',
      '80-70',
      '1-2:1-3',
      '1.2.3:80:80',
      'host:80:80',
      '80/icmp',
      '-1',
    ]) {
      assert.equal(
        refusal(() => read(text), '--publish'),
        'INVALID',
        text,
      );
    }
    assert.equal(
      refusal(() => read('80/sctp')),
      'UNSUPPORTED',
    );
  });

  it('shares its ports with --expose', () => {
    assert.deepEqual(parseExpose('expose', '80-81/udp'), ['80/udp', '81/udp']);
    assert.equal(
      refusal(() => parseExpose('expose', '1:2')),
      'INVALID',
    );
  });
});

describe('mounts', () => {
  it('read binds with options', () => {
    const bind = { source: '/a', target: '/b', readOnly: false, propagation: 'rprivate', createSource: true };
    assert.deepEqual(parseVolume('volume', '/a:/b'), { type: 'bind', bind });
    assert.deepEqual(parseVolume('volume', '/a/../a/:/b/'), { type: 'bind', bind });
    assert.deepEqual(parseVolume('volume', '/a:/b:ro,rslave'), {
      type: 'bind',
      bind: { ...bind, readOnly: true, propagation: 'rslave' },
    });
    assert.deepEqual(parseVolume('volume', './x:/b'), {
      type: 'bind',
      bind: { ...bind, source: join(process.cwd(), 'x') },
    });
  });

  it('read volumes, named and anonymous', () => {
    const volume = { target: '/b', readOnly: false, noCopy: false };
    assert.deepEqual(parseVolume('volume', '/b/'), { type: 'volume', volume });
    assert.deepEqual(parseVolume('volume', 'data:/b'), {
      type: 'volume',
      volume: { ...volume, name: 'data' },
    });
    assert.deepEqual(parseVolume('volume', 'data:/b:nocopy,ro'), {
      type: 'volume',
      volume: { ...volume, name: 'data', readOnly: true, noCopy: true },
    });
  });

  it('read --volumes-from', () => {
    assert.deepEqual(parseVolumesFrom('volumes-from', 'web'), { container: 'web', readOnly: false });
    assert.deepEqual(parseVolumesFrom('volumes-from', 'web:ro'), { container: 'web', readOnly: true });
    for (const text of ['', ':ro', 'web:rx', 'web:ro:ro']) {
      assert.equal(
        refusal(() => parseVolumesFrom('volumes-from', text)),
        'INVALID',
        text,
      );
    }
  });

  it('refuse relative and rooted targets, names that are none, and unknown options', () => {
    const wrong = [
      '/a:b',
      '/a:/',
      '/a:/..',
      '/a:/b:rx',
      '/a:/b:ro:x',
      ':/b',
      '/a:',
      'data:b',
      'd:/b',
      '-x:/b',
    ];
    // What is for volumes alone, and what is for host folders alone (CVE-2024-1753).
    wrong.push(
      'a/b:/c',
      'data',
      '/',
      '/a:/b:nocopy',
      'data:/b:rshared',
      'data:/b:bind',
      'data:/b:upperdir=x',
    );
    for (const text of wrong) {
      assert.equal(
        refusal(() => parseVolume('volume', text)),
        'INVALID',
        text,
      );
    }
  });

  it('read --tmpfs with a closed list of options', () => {
    assert.deepEqual(parseTmpfs('tmpfs', '/run'), { target: '/run', options: [] });
    assert.deepEqual(parseTmpfs('tmpfs', '/run:rw,size=64m,mode=1777'), {
      target: '/run',
      options: ['rw', 'size=64m', 'mode=1777'],
    });
    for (const text of ['run', '/run:size=x', '/run:mode=999', '/run:upperdir=/etc']) {
      assert.equal(
        refusal(() => parseTmpfs('tmpfs', text)),
        'INVALID',
        text,
      );
    }
  });

  it('read --mount', () => {
    assert.deepEqual(parseMount('mount', 'type=bind,src=/a,dst=/b,readonly'), {
      type: 'bind',
      bind: { source: '/a', target: '/b', readOnly: true, propagation: 'rprivate', createSource: false },
    });
    assert.deepEqual(parseMount('mount', 'type=bind,"source=/a,b",target=/c'), {
      type: 'bind',
      bind: { source: '/a,b', target: '/c', readOnly: false, propagation: 'rprivate', createSource: false },
    });
    assert.deepEqual(parseMount('mount', 'type=tmpfs,destination=/c,tmpfs-size=1m,tmpfs-mode=700'), {
      type: 'tmpfs',
      tmpfs: { target: '/c', options: ['size=1048576', 'mode=700'] },
    });
    assert.deepEqual(parseMount('mount', 'source=vol,target=/c,volume-nocopy,volume-subpath=a/b'), {
      type: 'volume',
      volume: { name: 'vol', target: '/c', readOnly: false, noCopy: true, subpath: 'a/b' },
    });
    assert.deepEqual(parseMount('mount', 'type=volume,target=/c,ro'), {
      type: 'volume',
      volume: { target: '/c', readOnly: true, noCopy: false },
    });
    for (const text of ['source=vol,target=/c,volume-opt=x', 'type=npipe,source=x,target=/c']) {
      assert.equal(
        refusal(() => parseMount('mount', text)),
        'UNSUPPORTED',
        text,
      );
    }
    assert.equal(
      refusal(() => parseMount('mount', 'type=bind,src=/a,dst=/b,bind-recursive=disabled')),
      'UNSUPPORTED',
    );
    for (const text of [
      '',
      'type=bind,src=/a',
      'src=/a,dst=/b',
      'src=vol,dst=/b,volume-subpath=../x',
      'src=vol,dst=/b,volume-subpath=/x',
      'dst=/b,volume-subpath=x',
      'type=bind,dst=/b',
      'type=bind,src=/a,dst=/b,ro=maybe',
      'type=bind,foo',
    ]) {
      assert.equal(
        refusal(() => parseMount('mount', text)),
        'INVALID',
        text,
      );
    }
  });
});

describe('environment and labels', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tinyd-flags-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function file(content: string | Uint8Array): string {
    const path = join(folder, 'variables');
    writeFileSync(path, content);
    return path;
  }

  it('take files first, then flags, bare names from the host; a flag that the host lacks stays bare', () => {
    const path = file('\ufeff# comment\n\nA=file\nB= kept as is \n  C="quoted"\nHOST\nABSENT\r\n');
    assert.deepEqual(
      resolveEnvironment([path], ['A=flag', 'EMPTY=', 'HOST2', 'ABSENT2'], { HOST: 'h', HOST2: 'x=y' }),
      ['A=flag', 'B= kept as is ', 'C="quoted"', 'HOST=h', 'EMPTY=', 'HOST2=x=y', 'ABSENT2'],
    );
  });

  it('refuse names that are none, and files that cannot be read', () => {
    assert.equal(
      refusal(() => resolveEnvironment([], ['=x'], {})),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([file('A B=1\n')], [], {}), 'line 1'),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([file(new Uint8Array([65, 61, 0xff]))], [], {}), 'UTF-8'),
      'INVALID',
    );
    assert.equal(
      refusal(() => resolveEnvironment([join(folder, 'none')], [], {}), 'ENOENT'),
      'INVALID',
    );
  });

  it('read labels, and survive hostile keys', () => {
    assert.deepEqual(resolveLabels([file('a=1\nb\n')], ['a=2', 'c=x=y']), { a: '2', b: '', c: 'x=y' });
    const labels = resolveLabels([], ['__proto__=x']);
    assert.deepEqual(Object.keys(labels), ['__proto__']);
    assert.equal(
      refusal(() => resolveLabels([], ['=x'])),
      'INVALID',
    );
  });
});

describe('network flags', () => {
  it('read networks', () => {
    assert.deepEqual(parseNetwork('network', 'default'), { network: 'bridge' });
    assert.deepEqual(parseNetwork('network', 'mynet'), { network: 'mynet' });
    const long = 'name=mynet,alias=a,Alias=b,ip=10.0.0.9,mac-address=02:42:00:00:00:01,gw-priority=-2';
    assert.deepEqual(parseNetwork('network', long), {
      network: 'mynet',
      aliases: ['a', 'b'],
      ip: '10.0.0.9',
      macAddress: '02:42:00:00:00:01',
      gwPriority: -2,
    });
    for (const text of ['alias=a', 'name=x,alias', 'name=x,color=red', 'name=x,gw-priority=high']) {
      assert.equal(
        refusal(() => parseNetwork('network', text)),
        'INVALID',
        text,
      );
    }
    assert.equal(
      refusal(() => parseNetwork('network', 'name=x,driver-opt=a')),
      'UNSUPPORTED',
    );
  });

  it('join networks and the flags beside them', () => {
    const none = { aliases: [], ip: undefined, ip6: undefined, macAddress: undefined };
    const read = (names: string[], more: object = {}) =>
      readNetworks({ networks: names.map(name => parseNetwork('network', name)), ...none, ...more });
    assert.deepEqual(read([]), { network: { mode: 'bridge' } });
    assert.deepEqual(read(['host']), { network: { mode: 'host' } });
    assert.deepEqual(read(['container:web']), { network: { mode: 'container', container: 'web' } });
    assert.deepEqual(read(['default'], { macAddress: 'x' }), {
      network: { mode: 'bridge' },
      endpoints: [{ network: 'bridge', macAddress: 'x' }],
    });
    assert.deepEqual(read(['a', 'name=b,alias=c'], { aliases: ['d'], ip: '10.0.0.2' }), {
      network: { mode: 'user', network: 'a' },
      endpoints: [
        { network: 'a', aliases: ['d'], ip: '10.0.0.2' },
        { network: 'b', aliases: ['c'] },
      ],
    });
    const refused: [string[], object][] = [
      [['container:'], {}],
      [['host'], { ip: '10.0.0.2' }],
      [['bridge', 'a'], {}],
      [['a', 'none'], {}],
      [['name=a,alias=b'], { aliases: ['c'] }],
      [['name=a,ip=10.0.0.2'], { ip: '10.0.0.3' }],
    ];
    for (const [names, more] of refused) {
      assert.equal(
        refusal(() => read(names, more)),
        'INVALID',
        names.join(),
      );
    }
  });

  it('read hosts', () => {
    assert.deepEqual(parseAddHost('add-host', 'db:10.0.0.2'), { name: 'db', address: '10.0.0.2' });
    assert.deepEqual(parseAddHost('add-host', 'db=::1'), { name: 'db', address: '::1' });
    assert.deepEqual(parseAddHost('add-host', 'db:[::1]'), { name: 'db', address: '::1' });
    assert.deepEqual(parseAddHost('add-host', 'h:host-gateway'), { name: 'h', address: 'host-gateway' });
    for (const text of ['db', 'db:', ':1.2.3.4', 'db:1.2.3', 'a b:1.2.3.4']) {
      assert.equal(
        refusal(() => parseAddHost('add-host', text)),
        'INVALID',
        text,
      );
    }
    assert.equal(parseHostname('hostname', 'web-1.example'), 'web-1.example');
    assert.equal(
      refusal(() => parseHostname('hostname', 'a\nb')),
      'INVALID',
    );
  });
});

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

describe('filters', () => {
  it('collect values by key and refuse unknown keys', () => {
    assert.deepEqual(
      parseFilters(['name=a', 'NAME=b', 'label=x=y'], ['name', 'label']),
      new Map([
        ['name', ['a', 'b']],
        ['label', ['x=y']],
      ]),
    );
    assert.equal(
      refusal(() => parseFilters(['nope=1'], ['name']), 'nope'),
      'INVALID',
    );
    assert.equal(
      refusal(() => parseFilters(['name'], ['name'])),
      'INVALID',
    );
  });
});

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
