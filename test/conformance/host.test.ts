import { strict as assert } from 'node:assert';
import { machine, totalmem } from 'node:os';
import { useEngine } from './suite';

describe('what an engine says of itself and the host', () => {
  const engine = useEngine();

  it('is found under docker’s keys by info', async () => {
    const keys = '{{.OSType}} {{.Architecture}} {{.Driver}} {{.LoggingDriver}} {{.MemTotal}}';
    assert.equal(
      await engine.ok('info', '--format', keys),
      `linux ${machine()} overlay2 json-file ${totalmem()}`,
    );
    const all = JSON.parse(await engine.ok('info', '--format', '{{json .}}')) as Record<string, unknown>;
    for (const limit of ['MemoryLimit', 'CpuCfsQuota', 'CPUShares', 'CPUSet', 'PidsLimit'])
      assert.equal(typeof all[limit], 'boolean', limit);
  });

  it('tells scripts how containers are confined, and what the host runs', async () => {
    const options = await engine.ok('info', '-f', '{{range .SecurityOptions}}{{println .}}{{end}}');
    assert.ok(options.split('\n').includes('name=seccomp,profile=builtin'), options);
    const host = await engine.ok('info', '-f', '{{.OSVersion}} {{.SystemTime}}');
    assert.match(host, /^\S* \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
  });

  it('is found under docker’s words by info', async () => {
    const text = await engine.ok('info');
    for (const words of [
      'Containers: \\d+',
      'Running: \\d+',
      'Images: \\d+',
      'Server Version: \\S+',
      'Storage Driver: overlay2',
      'Cgroup Version: [12]',
      'Kernel Version: \\S+',
      'OSType: linux',
      'Total Memory: \\S+',
      'Docker Root Dir: /\\S+',
    ])
      assert.match(text, new RegExp(`^ *${words}$`, 'm'));
  });

  it('is found under Client and Server by version', async () => {
    const keys = '{{.Client.Version}} {{.Server.Version}} {{.Server.Os}} {{.Server.Arch}}';
    assert.match(await engine.ok('version', '--format', keys), /^\d\S+ \d\S+ linux (amd64|arm64)$/);
  });
});
