import assert from 'node:assert/strict';
import { BusyboxRoot } from '../runtime/busybox-root';

describe('seccomp of a container', () => {
  let box: BusyboxRoot;
  before(function () {
    if (process.getuid?.() !== 0) this.skip();
  });
  beforeEach(() => {
    box = new BusyboxRoot();
  });
  afterEach(() => box?.dispose());

  const profile = (document: object) => ({ path: 'profile.json', json: JSON.stringify(document) });
  const NO_FOLDERS = profile({
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 28 }],
  });

  it('refuses namespaces and mounts by default', async () => {
    const { stderr } = await box.shell('unshare -U true; mount -t tmpfs x /tmp');
    assert.match(stderr, /unshare.*Operation not permitted/);
    assert.match(stderr, /mount: .*(permitted|denied)/);
  });

  it('lets CAP_SYS_ADMIN have them', async () => {
    const { code } = await box.shell('unshare -m true && mount -t tmpfs x /tmp', { capAdd: ['SYS_ADMIN'] });
    assert.equal(code, 0);
  });

  it('takes a profile of the user, with its error numbers', async () => {
    const { code, stderr } = await box.run(['mkdir', '/x'], { seccomp: NO_FOLDERS });
    assert.equal(code, 1);
    assert.match(stderr, /No space left on device/);
  });

  it('holds a privileged container to a profile that is named', async () => {
    const { code } = await box.run(['mkdir', '/x'], { seccomp: NO_FOLDERS, privileged: true });
    assert.equal(code, 1);
  });

  it('is off when unconfined', async () => {
    const { stdout } = await box.run(['grep', 'Seccomp:', '/proc/self/status'], { seccomp: 'unconfined' });
    assert.equal(stdout, 'Seccomp:\t0\n');
  });

  it('refuses a profile that is none before anything is made', async () => {
    const broken = box.options(['true'], { seccomp: profile({ defaultAction: 'SCMP_ACT_DENY' }) });
    await assert.rejects(box.runtime.create(broken), { code: 'ERR_TINYD_SECCOMP_INVALID' });
    assert.equal(box.runtime.containers().length, 0);
  });
});
