import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { Tinyd } from '../../support/tinyd';

const MIB = 1024 * 1024;

/** The limits of one disk in a container's cgroup: v1's files, or the words of v2's io.max. */
function rates(id: string, device: string): Record<string, string> {
  const base = '/sys/fs/cgroup';
  const folders = [base, ...readdirSync(base).map(name => join(base, name))].map(each =>
    join(each, 'tinyd', id),
  );
  const line = (folder: string, file: string): string => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n');
    return lines.find(each => each.startsWith(`${device} `))?.slice(device.length + 1) ?? '';
  };
  const v2 = folders.find(folder => existsSync(join(folder, 'io.max')));
  if (v2 !== undefined) {
    const words = line(v2, 'io.max')
      .split(' ')
      .map(word => word.split('='));
    return Object.fromEntries(words.filter(([, value]) => value !== undefined && value !== 'max'));
  }
  const v1 = folders.find(folder => existsSync(join(folder, 'blkio.throttle.read_bps_device')));
  if (v1 === undefined) return assert.fail('the container has no cgroup for disks');
  const files = { rbps: 'read_bps', wbps: 'write_bps', riops: 'read_iops', wiops: 'write_iops' };
  const values = Object.entries(files).map(([name, file]) => [
    name,
    line(v1, `blkio.throttle.${file}_device`),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== ''));
}

describe('limits of disks', function () {
  this.timeout(60_000);
  let registry: BusyboxRegistry;
  let tinyd: Tinyd;
  let disk: string;
  let device: string;

  before(async () => {
    registry = await startBusyboxRegistry();
    tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    await tinyd.ok('pull', '-q', 'busybox');
    const file = join(tinyd.base, 'disk');
    writeFileSync(file, '');
    truncateSync(file, 8 * MIB);
    disk = execFileSync('losetup', ['--show', '-f', file], { encoding: 'utf8' }).trim();
    const { rdev } = statSync(disk);
    device = `${rdev >>> 8}:${rdev & 0xff}`;
  });
  after(async () => {
    if (disk !== undefined) execFileSync('losetup', ['-d', disk]);
    await tinyd.dispose();
    await registry.close();
  });
  afterEach(() => tinyd.run(['rm', '-f', 'c']));

  it('are set, changed and taken away', async () => {
    const flags = ['--device-read-bps', `${disk}:1mb`, '--device-write-bps', `${disk}:2mb`];
    const more = ['--device-read-iops', `${disk}:100`, '--device-write-iops', `${disk}:200`];
    const id = await tinyd.ok('run', '-d', '--name', 'c', ...flags, ...more, 'busybox', 'sleep', '300');
    assert.deepEqual(rates(id, device), {
      rbps: `${MIB}`,
      wbps: `${2 * MIB}`,
      riops: '100',
      wiops: '200',
    });
    const shown = '{{json .HostConfig.BlkioDeviceReadBps}} {{json .HostConfig.BlkioDeviceWriteIOps}}';
    assert.equal(
      await tinyd.ok('inspect', '-f', shown, 'c'),
      `[{"Path":"${disk}","Rate":${MIB}}] [{"Path":"${disk}","Rate":200}]`,
    );
    await tinyd.ok('update', '--device-read-bps', `${disk}:3mb`, '--device-write-iops', `${disk}:0`, 'c');
    assert.deepEqual(rates(id, device), { rbps: `${3 * MIB}`, wbps: `${2 * MIB}`, riops: '100' });
    const spec = readFileSync(join(tinyd.root, 'containers', id, 'config.json'), 'utf8');
    assert.equal(JSON.parse(spec).linux.resources.blockIO.throttleReadBpsDevice[0].rate, 3 * MIB);
    await tinyd.ok('restart', '-t', '0', 'c');
    assert.deepEqual(rates(id, device), { rbps: `${3 * MIB}`, wbps: `${2 * MIB}`, riops: '100' });
    // A value that is refused leaves those of disks as they were, too.
    assert.equal((await tinyd.run(['update', '--device-read-bps', `${disk}:9mb`, '-m', '1m', 'c'])).code, 1);
    assert.equal(rates(id, device).rbps, `${3 * MIB}`);
  });

  for (const [flag, value, operand] of [
    ['--device-read-bps', '1mb', 'if'],
    ['--device-read-iops', '10', 'if'],
    ['--device-write-bps', '1mb', 'of'],
    ['--device-write-iops', '10', 'of'],
  ] as const) {
    it(`are felt: ${flag}`, async () => {
      /** Seconds that the transfer itself took: what else a loaded host is slow at does not count. */
      const time = async (...flags: string[]): Promise<number> => {
        const other = operand === 'if' ? 'of=/dev/null' : 'if=/dev/zero';
        const direct = operand === 'if' ? 'iflag=direct' : 'oflag=direct';
        const words = ['time', 'dd', `${operand}=${disk}`, other, 'bs=64k', 'count=32', direct];
        const run = ['run', '--rm', '--network', 'none', '--device', disk, ...flags, 'busybox', ...words];
        const { stderr } = await tinyd.run(run);
        const [, minutes, seconds] = /real\s+(\d+)m ([\d.]+)s/.exec(stderr) ?? assert.fail(stderr);
        return 60 * Number(minutes) + Number(seconds);
      };
      const free = await time();
      const slow = await time(flag, `${disk}:${value}`);
      // 2 MiB, or 32 operations; the first second's share may come at once.
      assert.ok(slow > 1 && slow > 2 * free, `${slow} s with the limit, ${free} s without`);
    });
  }

  it('by weight are set where the scheduler of the disk has weights, and refused by name elsewhere', async function () {
    const scheduler = `/sys/block/${disk.slice('/dev/'.length)}/queue/scheduler`;
    const before = /\[(.+)\]/.exec(readFileSync(scheduler, 'utf8'))?.[1] ?? assert.fail();
    if (!readFileSync(scheduler, 'utf8').includes('bfq')) this.skip();
    try {
      writeFileSync(scheduler, 'none');
      const perDisk = ['--blkio-weight-device', `${disk}:700`];
      const { code, stderr } = await tinyd.run(['create', '--name', 'c', ...perDisk, 'busybox']);
      assert.equal(code, 125);
      assert.match(stderr, /--blkio-weight-device: .* scheduler none, .* echo bfq > \/sys\/dev\/block\//);
      writeFileSync(scheduler, 'bfq');
      await tinyd.ok(
        'run',
        '-d',
        '--name',
        'light',
        '--blkio-weight',
        '50',
        ...perDisk,
        'busybox',
        'sleep',
        '300',
      );
      const weight = await tinyd.ok(
        'exec',
        'light',
        'sh',
        '-c',
        'cat /sys/fs/cgroup/blkio/blkio.bfq.weight*',
      );
      assert.match(weight, /^(default )?50$/m);
      assert.match(weight, /^\d+:\d+ 700$/m);
    } finally {
      await tinyd.run(['rm', '-f', 'light']);
      writeFileSync(scheduler, before);
    }
  });

  it('are refused where there is no such disk', async () => {
    const refusals: [string[], RegExp][] = [
      [['--device-read-bps', '/dev/nosuch:1mb'], /\/dev\/nosuch.*no such device/],
      [['--device-read-bps', '/dev/null:1mb'], /\/dev\/null.*not a block device/],
      [['--device-read-bps', '/srv/x:1mb'], /want \/dev\/DISK:VALUE/],
      [['--device-write-iops', `${disk}:many`], /want a whole number/],
      [['--blkio-weight-device', `${disk}:5`], /the weight is 5, and goes from 10 to 1000/],
    ];
    for (const [flags, message] of refusals) {
      const { code, stderr } = await tinyd.run(['create', '--name', 'c', ...flags, 'busybox']);
      assert.equal(code, 125, flags.join(' '));
      assert.match(stderr, message);
    }
  });
});
