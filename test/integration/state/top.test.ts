import { strict as assert } from 'node:assert';
import { mkdtempSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { outcomeOf } from '../../support/tinyd';
import { useFreshTinyd } from '../../support/use-tinyd';

describe('top', function () {
  this.timeout(60_000);
  const tinyd = useFreshTinyd();
  beforeEach(async () => {
    const command = 'sleep 301 & sleep 302 & wait';
    await tinyd.ok('run', '-d', '--name', 'c', '-u', '1000', 'busybox', 'sh', '-c', command);
    await tinyd.ok('run', '-d', '--name', 'other', 'busybox', 'sleep', '303');
  });

  it('shows the container’s processes alone, in docker’s columns', async () => {
    await tinyd.ok('exec', '-d', 'c', 'sleep', '304');
    const [heading = '', ...rows] = (await tinyd.ok('top', 'c')).split('\n');
    assert.match(heading, /^UID {17}PID {17}PPID {16}C {19}STIME {15}TTY {17}TIME {16}CMD$/);
    const commands = rows.map(row => row.slice(140)).sort();
    assert.deepEqual(commands, ['sh -c sleep 301 & sleep 302 & wait', 'sleep 301', 'sleep 302', 'sleep 304']);
    const pid = (rows.find(row => row.endsWith('sleep 301')) ?? '').split(/\s+/)[1];
    assert.equal(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'sleep\x00301\x00', 'no PID of the host');
  });

  it('passes options to ps', async () => {
    const rows = (await tinyd.ok('top', 'c', '-o', 'uid,pid,args')).split('\n').slice(1);
    assert.equal(rows.length, 3);
    for (const row of rows) assert.match(row, /^1000 +\d+ +s/);
    assert.match((await tinyd.ok('top', 'c', 'aux')).split('\n')[0] ?? '', /^USER +PID +%CPU/);
  });

  it('shows a paused container', async () => {
    await tinyd.ok('pause', 'c');
    assert.equal((await tinyd.ok('top', 'c')).split('\n').length, 4);
  });

  it('says what is wrong with options, with the host, and with the container', async () => {
    const noPid = await tinyd.run(['top', 'c', '-o', 'cmd']);
    assert.equal(noPid.code, 1);
    assert.match(noPid.stderr, /shows no column PID/);
    assert.match((await tinyd.run(['top', 'c', '--nonsense'])).stderr, /ERR_TINYD_OPTION_INVALID/);
    await tinyd.ok('stop', '-t', '0', 'c');
    assert.match((await tinyd.run(['top', 'c'])).stderr, /container c: it is not running/);
  });

  it('says that the host has no ps', async () => {
    const folder = mkdtempSync(join(tinyd.base, 'path-'));
    symlinkSync(process.execPath, join(folder, 'node'));
    const { code, stderr } = await outcomeOf(
      tinyd.spawn(['top', 'c'], { env: { ...tinyd.env, PATH: folder }, stdio: ['ignore', 'pipe', 'pipe'] }),
    );
    assert.equal(code, 1);
    assert.match(stderr, /the host has no program ps/);
  });
});
