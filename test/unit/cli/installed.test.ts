import { deepStrictEqual, match, strictEqual } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../support/tinyd';

const COMMAND = join(REPOSITORY, 'packages', 'cli', 'bin', 'tinyd');

/** Whatever installs the command, node must not read the extra CAs at its start, and tinyd must know of them. */
describe('the installed command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyd-installed-'));
  const probe = join(folder, 'probe.js');
  before(() => {
    const names = ['NODE_EXTRA_CA_CERTS', 'TINYD_EXTRA_CA'];
    writeFileSync(
      probe,
      `console.error(JSON.stringify(${JSON.stringify(names)}.map(name => process.env[name] ?? null)))`,
    );
    symlinkSync(COMMAND, join(folder, 'tinyd'));
    writeFileSync(join(folder, 'shim'), shim(), { mode: 0o755 });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** What the first line of a program becomes in the wrapper that pnpm writes: its words, then the program's path. */
  function shim(): string {
    const [line = ''] = readFileSync(COMMAND, 'utf8').split('\n');
    const [, program = '', options = ''] =
      /^#!\s*(?:\/usr\/bin\/env(?:\s+-S\s*)?)?\s*([^ \t]+)(.*)$/.exec(line) ?? [];
    return `#!/bin/sh\nexec ${program} ${options} "${COMMAND}" "$@"\n`;
  }

  function started(command: string, env: Readonly<Record<string, string>>, path = process.env.PATH ?? '') {
    const result = spawnSync(command, ['--version'], {
      env: { PATH: path, NODE_OPTIONS: `--require ${probe}`, ...env },
      encoding: 'utf8',
    });
    match(result.stdout, /^tinyd version /);
    return JSON.parse(result.stderr) as (string | null)[];
  }

  const ways = { directly: COMMAND, 'by a link': join(folder, 'tinyd'), 'by a shim': join(folder, 'shim') };
  for (const [name, path] of Object.entries(ways)) {
    it(`hands the extra CAs on when started ${name}`, () => {
      const env = { NODE_EXTRA_CA_CERTS: '/a b/$c.pem' };
      deepStrictEqual(started(path, env), [null, '/a b/$c.pem']);
    });
  }

  it('is found by PATH', () => {
    deepStrictEqual(started('tinyd', {}, `${folder}:${process.env.PATH}`), [null, '']);
  });

  it('keeps its own variable before node’s', () => {
    const env = { NODE_EXTRA_CA_CERTS: '/theirs.pem', TINYD_EXTRA_CA: '/ours.pem' };
    strictEqual(started(COMMAND, env)[1], '/ours.pem');
  });
});
