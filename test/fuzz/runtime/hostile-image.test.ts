import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTinydError } from '@tinyd/core';
import fc from 'fast-check';
import { parseLogLine, timeToNanoseconds } from '../../../packages/runtime/dist/logs/entry';
import { readAccounts } from '../../../packages/runtime/dist/rootfs/account-files';
import { openInLayers } from '../../../packages/runtime/dist/rootfs/layered-lookup';
import { buildEnvironment } from '../../../packages/runtime/dist/spec/environment';
import { resolveUser } from '../../../packages/runtime/dist/spec/user';

/** Texts that look like user specifications, and others that do not. */
const userText = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[-+]?[0-9a-fx]{0,12}(:[-+]?[0-9a-fx]{0,12})?$/),
  fc.constantFrom('root', 'app', 'root:', ':root', '0x0', '00', '+0', '-0', '0:0', '4294967296'),
);

describe('hostile images', () => {
  it('uid 0 is given to 0, root, or a name that the image maps to it, and to nothing else', () => {
    fc.assert(
      fc.property(userText, fc.array(fc.tuple(fc.string(), fc.nat(2 ** 31 - 1))), (text, names) => {
        const users = names.map(([name, uid]) => ({ name, uid, gid: uid, home: '/' }));
        let uid: number;
        try {
          ({ uid } = resolveUser(text, { users, groups: [] }));
        } catch (error) {
          assert.ok(isTinydError(error) && error.code === 'ERR_TINYD_USER_UNKNOWN');
          return;
        }
        const [name = ''] = text.split(':');
        if (/^\d+$/.test(name)) assert.equal(uid, Number(name));
        else if (text === '') assert.equal(uid, 0);
        else assert.equal(uid, users.find(user => user.name === name)?.uid);
      }),
      { numRuns: 5000 },
    );
  });

  it('any bytes as passwd and group give accounts within bounds, or an error', () => {
    const layer = mkdtempSync(join(tmpdir(), 'tinyd-fuzz-'));
    mkdirSync(join(layer, 'etc'));
    const line = fc
      .array(fc.oneof(fc.string(), fc.nat().map(String)), { maxLength: 8 })
      .map(parts => parts.join(':'));
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(line).map(lines => Buffer.from(lines.join('\n'))),
    );
    try {
      fc.assert(
        fc.property(content, content, (passwd, group) => {
          writeFileSync(join(layer, 'etc/passwd'), passwd);
          writeFileSync(join(layer, 'etc/group'), group);
          const { users, groups } = readAccounts(path => openInLayers([layer], path));
          for (const { uid, gid } of users) assert.ok(uid >= 0 && uid < 2 ** 31 && gid >= 0 && gid < 2 ** 31);
          for (const { gid } of groups) assert.ok(gid >= 0 && gid < 2 ** 31);
        }),
        { numRuns: 500 },
      );
    } finally {
      rmSync(layer, { recursive: true });
    }
  });

  it('no image variable takes a value of the host, and every entry has a name', () => {
    const host = Object.entries(process.env).filter(
      ([name]) => !['PATH', 'HOME', 'HOSTNAME', 'TERM'].includes(name),
    );
    const names = host.map(([name]) => name);
    const entry = fc.oneof(
      fc.string(),
      fc.constantFrom(...names),
      fc.tuple(fc.string(), fc.string()).map(pair => pair.join('=')),
    );
    fc.assert(
      fc.property(fc.array(entry.filter(text => !text.includes('\0'))), image => {
        const environment = buildEnvironment({ hostname: 'h', terminal: false, image, user: [], home: '/' });
        for (const variable of environment) assert.ok(variable.indexOf('=') > 0, variable);
        for (const name of names) {
          const found = environment.find(variable => variable.startsWith(`${name}=`));
          assert.ok(found === undefined || image.includes(found), found);
        }
      }),
    );
  });

  it('any line of a log is an entry or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), text => {
        const entry = parseLogLine(text);
        assert.ok(entry === undefined || typeof entry.text === 'string');
        timeToNanoseconds(text);
      }),
    );
  });
});
