import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { httpGet } from '../../support/http';
import { REPOSITORY } from '../../support/tinyd';
import { cgroupFile, onHost } from '../guest';

const COMMAND = `${REPOSITORY}/packages/cli/bin/tinyd`;
const RESTARTED_AT = '/var/tmp/restarted-at';
/** systemd waits 90 s for what does not end. */
const SHUTDOWN_SECONDS = 60;

/** test/vm/before-second-boot.sh says what was there, on the host's own root folder. */
describe('after a restart of the host', () => {
  const tinyd = (words: string) => onHost(`${COMMAND} ${words}`);

  it('its service has started what is to run, and nothing else', () => {
    assert.equal(onHost('systemctl is-active tinyd.service'), 'active');
    const rows = tinyd("ps -a --format '{{.Names}} {{.State}}'").split('\n').sort();
    assert.deepEqual(rows, ['always running', 'no exited', 'stopped exited', 'unless-stopped running']);
    const said = onHost('journalctl -u tinyd.service -o cat').match(/^(started|left) [^:\n]+/gm);
    assert.deepEqual(said?.sort(), ['left stopped', 'started always', 'started unless-stopped']);
  });

  it('containers have their limits, ports and logs again', async () => {
    assert.match(await httpGet('http://127.0.0.1:8080/index.html'), /up again/);
    const id = tinyd("inspect -f '{{.Id}}' always");
    assert.equal(cgroupFile(id, 'memory.max'), String(64 * 1024 * 1024));
    assert.equal(tinyd('logs unless-stopped'), 'up\nup');
  });

  it('what ran before had ended by its stop signal, and had not held up the shutdown', () => {
    assert.equal(tinyd("inspect -f '{{.State.Status}} {{.State.ExitCode}}' no"), 'exited 5');
    const booted = Number(onHost('date -d "$(uptime -s)" +%s'));
    const seconds = booted - Number(readFileSync(RESTARTED_AT, 'utf8'));
    assert.ok(seconds < SHUTDOWN_SECONDS, `the shutdown took ${seconds} s`);
  });

  it('all of it can be removed', () => {
    tinyd('rm -f always unless-stopped no stopped');
    tinyd('rmi busybox');
    assert.equal(onHost('ls /sys/fs/cgroup/tinyd | grep -E "^[0-9a-f]{64}$" || true'), '');
  });
});
