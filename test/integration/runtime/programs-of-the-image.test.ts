import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BusyboxRegistry, startBusyboxRegistry } from '../../support/busybox-registry';
import { REPOSITORY, Tinyd } from '../../support/tinyd';
import { BusyboxRoot } from './busybox-root';

const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');

describe('hardening 1d: programs of the image', function () {
  this.timeout(60_000);

  describe('CVE-2019-14271, CVE-2022-1227', () => {
    let registry: BusyboxRegistry;
    let tinyd: Tinyd;
    before(async () => {
      registry = await startBusyboxRegistry();
    });
    after(() => registry.close());
    beforeEach(() => {
      tinyd = new Tinyd({ TINYD_REGISTRY_MIRROR: `docker.io=${registry.url}` });
    });
    afterEach(() => tinyd.dispose());

    it('none runs, and no library is loaded, for cp, top, stats, diff, export, commit, logs and inspect', async () => {
      const trap = '#!/bin/busybox sh\necho "$0" >> /trapped\n';
      const names = 'ps nsenter tar getent xz gzip nft ip iptables sh'.split(' ');
      const script = `mkdir -p /usr/bin /usr/sbin /lib /lib64 /usr/lib; for n in ${names.join(' ')}; do
        for d in /usr/bin /usr/sbin; do printf '${trap.replaceAll('\n', '\\n')}' > $d/$n; chmod 755 $d/$n; done; done
        for n in libnss_files.so.2 libc.so.6 libzstd.so.1 libisal.so.2; do echo x > /lib/$n; done; echo ready; exec sleep 300`;
      await tinyd.ok('run', '-d', '--name', 'box', 'busybox', 'sh', '-c', script);
      while ((await tinyd.ok('logs', 'box')) !== 'ready');
      const trace = join(tinyd.base, 'trace');
      for (const words of [
        ['cp', 'box:/etc', join(tinyd.base, 'out')],
        ['cp', join(tinyd.base, 'out'), 'box:/in'],
        ['top', 'box'],
        ['stats', '--no-stream', 'box'],
        ['diff', 'box'],
        ['export', '-o', join(tinyd.base, 'out.tar'), 'box'],
        ['commit', 'box', 'made'],
        ['logs', 'box'],
        ['inspect', '-s', 'box'],
      ]) {
        const calls = ['-f', '-qq', '-y', '-e', 'trace=execve,execveat,mmap', '-o', trace, '--'];
        execFileSync('strace', [...calls, COMMAND, ...words], { env: tinyd.env, stdio: 'ignore' });
        const lines = readFileSync(trace, 'utf8').split('\n');
        assert.ok(
          lines.some(line => line.includes('execve(')),
          words[0],
        );
        // -y shows the file behind a mapping; one in a container's mounts has no path on the host.
        const suspicious = lines.filter(
          line =>
            (/exec\w+\(/.test(line) && line.includes(tinyd.root)) ||
            (/mmap\(.*PROT_EXEC.*<([^>]*)>/.test(line) &&
              (line.includes(tinyd.root) || /<\/lib\/lib(nss_files|isal)/.test(line))),
        );
        assert.deepEqual(suspicious, [], words.join(' '));
      }
      const seen = await tinyd.run(['exec', 'box', 'cat', '/trapped']);
      assert.equal(seen.code, 1, seen.stdout);
    });
  });

  it('one that is set-uid gains root, and does not with no-new-privileges; the filter is there in both', async () => {
    const box = new BusyboxRoot();
    try {
      const source = join(box.base, 'who.c');
      writeFileSync(
        source,
        '#include <stdio.h>\n#include <unistd.h>\nint main(void) { printf("%d\\n", (int)geteuid()); return 0; }\n',
      );
      execFileSync('gcc', ['-static', '-o', join(box.base, 'who'), source]);
      mkdirSync(join(box.layer, 'suid'));
      const program = join(box.layer, 'suid/who');
      copyFileSync(join(box.base, 'who'), program);
      chmodSync(program, 0o4755);
      for (const [noNewPrivileges, user] of [
        [false, '0'],
        [true, '1000'],
      ] as const) {
        const { stdout } = await box.shell('/suid/who; grep Seccomp: /proc/self/status', {
          user: '1000',
          noNewPrivileges,
        });
        assert.equal(stdout, `${user}\nSeccomp:\t2\n`);
      }
    } finally {
      await box.dispose();
    }
  });
});
