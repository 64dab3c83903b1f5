// npm test: set up, then pass every test. `npm test -- unit` runs one suite; further words go to mocha.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './build.mjs';
import { requireHost } from './host.mjs';
import { run } from './run.mjs';
import { setUp } from './setup.mjs';

const PROGRAMS = [
  { program: 'docker-registry', package: 'docker-registry' },
  { program: 'busybox', package: 'busybox-static' },
  { program: 'skopeo', package: 'skopeo' },
  { program: 'umoci', package: 'umoci' },
  { program: 'zstd', package: 'zstd' },
  { program: 'xz', package: 'xz-utils' },
  { program: 'bzip2', package: 'bzip2' },
  { program: 'bsdtar', package: 'libarchive-tools' },
  { program: 'strace', package: 'strace' },
  { program: 'ip', package: 'iproute2' },
  { program: 'nft', package: 'nftables' },
  { program: 'iptables', package: 'iptables' },
  { program: 'unshare', package: 'util-linux' },
  { program: 'mount', package: 'mount' },
  { program: 'mkfs.ext4', package: 'e2fsprogs' },
  { program: 'curl', package: 'curl' },
  { program: 'openssl', package: 'openssl' },
  { program: 'ps', package: 'procps' },
  // Its package starts it where systemd runs: nobody's host is to find itself behind a firewall for a test's sake.
  ...(existsSync('/run/systemd/system') ? [] : [{ program: 'firewalld', package: 'firewalld' }]),
];

const SUITES = ['unit', 'contract', 'fuzz', 'integration', 'conformance'];

requireHost('the test suite');
setUp({ programs: PROGRAMS });
const [first, ...rest] = process.argv.slice(2);
const suites = SUITES.includes(first) ? [first] : SUITES;
const words = SUITES.includes(first) ? rest : process.argv.slice(2);
// The extra-CA variable costs every node process tens of milliseconds; tests that need it set it themselves.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
run(process.execPath, [join(root, 'native', 'test', 'run.mjs')], { cwd: root, env });
run(
  join(root, 'test', 'node_modules', '.bin', 'mocha'),
  [
    '--config',
    join(root, 'test', 'mocharc.json'),
    ...suites.map(suite => `test/dist/${suite}/**/*.test.js`),
    ...words,
  ],
  { cwd: root, env },
);
