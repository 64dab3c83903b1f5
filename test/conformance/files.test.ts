import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from './suite';

describe('files of a container', () => {
  const engine = useEngine();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
    mkdirSync(join(folder, 'shared'));
    writeFileSync(join(folder, 'file'), 'from host\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const writes = (path: string) => `(touch ${path}) 2>/dev/null && echo yes || echo no`;

  it('are shared by -v both ways, or one way with ro', async () => {
    const shared = join(folder, 'shared');
    assert.equal(await engine.inside('echo hi > /v/x', '-v', `${shared}:/v`), '');
    assert.equal(readFileSync(join(shared, 'x'), 'utf8'), 'hi\n');
    assert.equal(await engine.inside(`cat /v/x; ${writes('/v/y')}`, '-v', `${shared}:/v:ro`), 'hi\nno');
    const mount = `type=bind,src=${shared},dst=/v,readonly`;
    assert.equal(await engine.inside(writes('/v/y'), '--mount', mount), 'no');
  });

  it('of a source that -v misses are a new folder of root', async () => {
    const missing = join(folder, 'a', 'b');
    await engine.inside('touch /v/x', '-v', `${missing}:/v`);
    assert.equal(statSync(missing).mode & 0o7777, 0o755);
    assert.ok(existsSync(join(missing, 'x')));
  });

  it('may be single ones, at a place that is made for them', async () => {
    assert.equal(await engine.inside('cat /a/b/file', '-v', `${folder}/file:/a/b/file`), 'from host');
  });

  it("in a tmpfs have docker's mode and options", async () => {
    const shown = 'stat -c %a /t; grep " /t " /proc/self/mountinfo | sed "s/.* \\/t //; s/ - / /"';
    const [mode, mount] = (await engine.inside(shown, '--tmpfs', '/t')).split('\n');
    assert.equal(mode, '1777');
    assert.match(mount ?? '', /^rw,nosuid,nodev,noexec,relatime tmpfs tmpfs rw/);
    const [own, sized] = (await engine.inside(shown, '--tmpfs', '/t:size=1m,mode=700,exec')).split('\n');
    assert.equal(own, '700');
    assert.match(sized ?? '', /^rw,nosuid,nodev,relatime tmpfs tmpfs rw,size=1024k,mode=700/);
    const long = await engine.inside(shown, '--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=700');
    assert.match(long, /^700\nrw,nosuid,nodev,noexec,relatime tmpfs tmpfs rw,size=1024k,mode=700/);
  });

  it('can only be written where --read-only leaves it', async () => {
    const script = ['/x', '/etc/hosts', '/run/x', '/dev/shm/x', '/dev/x'].map(writes).join('; ');
    const said = await engine.inside(script, '--read-only', '--tmpfs', '/run');
    assert.deepEqual(said.split('\n'), ['no', 'no', 'yes', 'yes', 'yes']);
  });

  it('in /dev/shm have the size that --shm-size says', async () => {
    const size = (...flags: string[]) =>
      engine.inside("df -k /dev/shm | tail -1 | awk '{print $2}'", ...flags);
    assert.equal(await size(), '65536');
    assert.equal(await size('--shm-size', '1m'), '1024');
  });
});
