import { strict as assert } from 'node:assert';
import { CONFIGURED, PLAIN } from './images';
import { useEngine } from './suite';

type Document = Readonly<Record<string, unknown>>;

/** Keys that scripts read, by part of the document. */
const KEYS: Readonly<Record<string, string>> = {
  '': 'Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings',
  State: 'Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt',
  Config:
    'Hostname Domainname User AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint Labels',
  HostConfig:
    'Binds LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice CpuPeriod CpuQuota CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits MaskedPaths ReadonlyPaths',
  NetworkSettings: 'Bridge SandboxKey Ports Gateway IPAddress IPPrefixLen MacAddress Networks',
};

describe('inspect', () => {
  const engine = useEngine();
  const inspected = async (name: string): Promise<Document> => {
    const [found] = JSON.parse(await engine.ok('inspect', name)) as Document[];
    return found ?? {};
  };
  const part = (document: Document, key: string): Document =>
    key === '' ? document : (document[key] as Document);

  it("has docker's keys", async () => {
    await engine.ok('run', '-d', '--name', 'seen', PLAIN, 'sleep', '100');
    const document = await inspected('seen');
    for (const [key, wanted] of Object.entries(KEYS)) {
      const keys = Object.keys(part(document, key));
      assert.deepEqual(
        wanted.split(' ').filter(each => !keys.includes(each)),
        [],
        `missing in ${key || 'the document'}`,
      );
    }
    const { bridge } = part(document, 'NetworkSettings').Networks as Record<string, Document>;
    for (const key of [
      'NetworkID',
      'Gateway',
      'IPAddress',
      'IPPrefixLen',
      'MacAddress',
      'Aliases',
      'DNSNames',
      'DriverOpts',
      'IPAMConfig',
      'Links',
    ])
      assert.ok(key in (bridge ?? {}), key);
    assert.match(String(bridge?.IPAddress), /^\d+\.\d+\.\d+\.\d+$/);
  });

  it('says what was asked for', async () => {
    const flags = [
      '-l',
      'k=v',
      '-e',
      'A=1',
      '-w',
      '/x',
      '-u',
      'app',
      '--cap-add',
      'SYS_ADMIN',
      '-v',
      '/tmp:/x:ro',
    ];
    await engine.ok(
      'create',
      '-it',
      '--name',
      'asked',
      ...flags,
      '--read-only',
      '--add-host',
      'a:1.2.3.4',
      PLAIN,
      'a',
      'b',
    );
    const document = await inspected('asked');
    assert.deepEqual([document.Path, document.Args, document.Name], ['a', ['b'], '/asked']);
    const config = part(document, 'Config');
    assert.deepEqual(
      [
        config.User,
        config.WorkingDir,
        config.Tty,
        config.OpenStdin,
        config.StdinOnce,
        config.Cmd,
        config.Image,
      ],
      ['app', '/x', true, true, true, ['a', 'b'], PLAIN],
    );
    assert.deepEqual(config.Env, ['A=1', 'PATH=/bin:/usr/bin']);
    assert.deepEqual(config.Labels, { k: 'v' });
    const host = part(document, 'HostConfig');
    assert.deepEqual(
      [host.CapAdd, host.Binds, host.ReadonlyRootfs, host.ExtraHosts, host.NetworkMode, host.ShmSize],
      [['CAP_SYS_ADMIN'], ['/tmp:/x:ro'], true, ['a:1.2.3.4'], 'bridge', 64 * 1024 * 1024],
    );
    assert.deepEqual(document.Mounts, [
      { Type: 'bind', Source: '/tmp', Destination: '/x', Mode: 'ro', RW: false, Propagation: 'rprivate' },
    ]);
  });

  it('says how a container ended', async () => {
    await engine.run(['run', '--name', 'ended', PLAIN, 'sh', '-c', 'exit 3']);
    const { Status, Running, ExitCode, Pid, StartedAt, FinishedAt } = part(await inspected('ended'), 'State');
    assert.deepEqual([Status, Running, ExitCode, Pid], ['exited', false, 3, 0]);
    for (const time of [StartedAt, FinishedAt]) assert.ok(Date.parse(String(time)) > 1.6e12, String(time));
    const { IPAddress } = part(await inspected('ended'), 'NetworkSettings');
    assert.equal(IPAddress, '');
    await engine.ok('create', '--name', 'new', PLAIN);
    assert.equal(part(await inspected('new'), 'State').StartedAt, '0001-01-01T00:00:00Z');
  });

  it('takes templates and types', async () => {
    await engine.ok('create', '--name', 'seen', PLAIN);
    assert.equal(await engine.ok('inspect', '-f', '{{.Name}} {{.State.Running}}', 'seen'), '/seen false');
    assert.equal(await engine.ok('inspect', '-f', '{{range .Config.Cmd}}<{{.}}>{{end}}', 'seen'), '<sh>');
    assert.equal(await engine.ok('inspect', '-f', '{{index .Config.Cmd 0 | json}}', 'seen'), '"sh"');
    assert.equal((await engine.run(['inspect', '-f', '{{.Nope}}', 'seen'])).code, 1);
    assert.equal((await engine.run(['inspect', '--type', 'image', 'seen'])).code, 1);
    assert.equal((await engine.run(['inspect', '--type', 'container', PLAIN])).code, 1);
  });

  it('has no value for a key that users did not give, and no patience for a field that docker has not', async () => {
    await engine.ok('create', '--name', 'seen', '--label', 'a=b', PLAIN);
    const shown = (format: string) => engine.ok('inspect', '-f', format, 'seen');
    assert.equal(await shown('{{.Config.Labels.a}} {{.Config.Labels.none}}'), 'b <no value>');
    assert.equal(await shown('<{{index .Config.Labels "none"}}>'), '<>');
    assert.equal(await shown('{{if .Config.Labels.none}}yes{{else}}no{{end}}'), 'no');
    assert.equal(await shown('{{.NetworkSettings.Networks.none.IPAddress}}'), '<no value>');
    assert.equal(await shown('{{.HostConfig.LogConfig.Config.none}}'), '<no value>');
    assert.equal(await engine.ok('network', 'inspect', '-f', '{{.Labels.none}}', 'bridge'), '<no value>');
    assert.equal(await shown('{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}'), 'none');
    assert.equal(await shown('{{if .Config.Healthcheck}}yes{{else}}no{{end}}'), 'no');
    assert.equal(
      await shown('{{.HostConfig.Binds}} {{len .HostConfig.Binds}} {{json .HostConfig.Binds}}'),
      '[] 0 null',
    );
    assert.equal(
      await shown('{{.Config.Entrypoint}} {{.Config.Volumes}} {{.Config.OnBuild}}'),
      '[] map[] []',
    );
    assert.equal(
      await engine.ok(
        'image',
        'inspect',
        '-f',
        '{{.Config.User}}|{{json .Config.Labels}}|{{.Config.Entrypoint}}',
        PLAIN,
      ),
      '|null|[]',
    );
    assert.equal(await engine.ok('image', 'inspect', '-f', '<{{index .Config.Labels "none"}}>', PLAIN), '<>');
    const wrong = await engine.run(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.None}}', 'seen']);
    assert.equal(wrong.code, 1);
  });

  it('prints one array, indented or on a line', async () => {
    await engine.ok('create', '--name', 'one', PLAIN);
    await engine.ok('create', '--name', 'two', PLAIN);
    const both = await engine.ok('inspect', '--format', 'json', 'one', 'two');
    assert.ok(both.startsWith('[{') && !both.includes('\n'), both.slice(0, 20));
    assert.deepEqual(
      (JSON.parse(both) as { Name: string }[]).map(({ Name }) => Name),
      ['/one', '/two'],
    );
    assert.equal(await engine.ok('inspect', '--format', '', 'one'), await engine.ok('inspect', 'one'));
    assert.match(await engine.ok('network', 'inspect', '--format', 'json', 'bridge'), /^\[\{"Name":"bridge"/);
    const missing = await engine.run(['volume', 'inspect', '--format', 'json', 'conformance-none']);
    assert.deepEqual([missing.code, missing.stdout], [1, '[]\n']);
  });

  it('says what an image is', async () => {
    const image = await inspected(CONFIGURED);
    const keys =
      'Id RepoTags RepoDigests Parent Comment Created DockerVersion Author Config Architecture Os Size GraphDriver RootFS Metadata';
    assert.deepEqual(
      keys.split(' ').filter(key => !(key in image)),
      [],
    );
    const said = Object.entries(part(image, 'Config')).filter(([, value]) => value !== null);
    assert.deepEqual(Object.fromEntries(said), {
      User: 'app',
      ExposedPorts: { '53/udp': {}, '80/tcp': {} },
      Env: ['PATH=/bin:/usr/bin', 'GREETING=hello', 'EMPTY='],
      Entrypoint: ['/bin/echo', 'entry'],
      Cmd: ['command'],
      WorkingDir: '/srv/work',
      Labels: { color: 'blue', shape: 'round' },
      StopSignal: 'SIGUSR1',
    });
    assert.ok((image.RepoTags as string[]).includes(`${CONFIGURED}:latest`));
  });
});
