import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAccounts } from '../../../packages/runtime/dist/rootfs/account-files';
import { openInLayers } from '../../../packages/runtime/dist/rootfs/layered-lookup';

describe('accounts of an image', () => {
  let layer: string;
  const read = () => readAccounts(path => openInLayers([layer], path));

  beforeEach(() => {
    layer = mkdtempSync(join(tmpdir(), 'tinyd-accounts-'));
    mkdirSync(join(layer, 'etc'));
  });
  afterEach(() => rmSync(layer, { recursive: true }));

  it('reads users and groups, and skips malformed lines', () => {
    const users = [
      'root:x:0:0:root:/root:/bin/sh',
      '',
      '# no',
      'bad:x:-1:0::/:',
      'big:x:4294967296:0::/:',
      'a:x:1:2',
    ];
    writeFileSync(join(layer, 'etc/passwd'), users.join('\n'));
    writeFileSync(join(layer, 'etc/group'), 'root:x:0:\nwheel:x:10:root,app\n:x:1:\n');
    assert.deepEqual(read(), {
      users: [
        { name: 'root', uid: 0, gid: 0, home: '/root' },
        { name: 'a', uid: 1, gid: 2, home: '' },
      ],
      groups: [
        { name: 'root', gid: 0, members: [] },
        { name: 'wheel', gid: 10, members: ['root', 'app'] },
      ],
    });
  });

  it('is empty without the files', () => {
    assert.deepEqual(read(), { users: [], groups: [] });
  });

  const refused = (what: string, make: (path: string) => void, code: string) => {
    it(`CVE-2026-47262: ${what} as /etc/group ends quickly`, () => {
      make(join(layer, 'etc/group'));
      const begin = process.cpuUsage();
      assert.throws(read, { code });
      assert.ok(isQuick(begin));
    });
  };
  const sparse = (bytes: number) => (path: string) => {
    writeFileSync(path, '');
    truncateSync(path, bytes);
  };
  refused('a sparse file of 4 GiB', sparse(2 ** 32), 'ERR_TINYD_USER_UNKNOWN');
  refused('one line of 1 GiB', sparse(2 ** 30), 'ERR_TINYD_USER_UNKNOWN');
  refused(
    'more than 16 MiB of lines',
    path => writeFileSync(path, 'g:x:1:\n'.repeat(2.5e6)),
    'ERR_TINYD_USER_UNKNOWN',
  );
  refused(
    'a line of 65 KiB',
    path => writeFileSync(path, `g:x:1:${'a'.repeat(65 * 1024)}\n`),
    'ERR_TINYD_USER_UNKNOWN',
  );
  refused('a fifo', path => execFileSync('mkfifo', [path]), 'ERR_TINYD_OPTION_INVALID');
  refused('a folder', path => mkdirSync(path), 'ERR_TINYD_OPTION_INVALID');

  it('CVE-2026-47262: a million lines are read within seconds', () => {
    writeFileSync(join(layer, 'etc/group'), 'g:x:1:\n'.repeat(1e6));
    const begin = process.cpuUsage();
    assert.equal(read().groups.length, 1e6);
    assert.ok(isQuick(begin));
  });

  it('CVE-2026-47262: a link out of the image leads nowhere', () => {
    symlinkSync('/etc/passwd', join(layer, 'etc/group'));
    symlinkSync('../../../../../../../../etc/hostname', join(layer, 'etc/passwd'));
    rmSync(join(layer, 'etc/group'));
    symlinkSync('/dev/zero', join(layer, 'etc/group'));
    assert.deepEqual(read(), { users: [], groups: [] });
  });
});

/** Less than a second of work, however busy the machine is. */
function isQuick(begin: NodeJS.CpuUsage): boolean {
  const { user, system } = process.cpuUsage(begin);
  return user + system < 5e6;
}
