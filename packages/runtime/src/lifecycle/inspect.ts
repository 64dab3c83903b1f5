import { join } from 'node:path';
import { CgroupReader } from '../cgroup/usage';
import type { RuntimeContext } from '../context';
import { etcFilesOf } from '../etc/etc-files';
import { configuredEnvironment } from '../spec/environment';
import { imageProcess } from '../spec/generate';
import { configuredHealthcheck } from '../spec/healthcheck';
import { processArguments } from '../spec/process-arguments';
import type { ContainerView } from '../state/container-state';
import { type FailedStart, readFailedStart } from '../state/failed-start';
import { readHealth } from '../state/health';
import { isPaused } from '../state/paused';
import { isUp } from '../state/status';
import { volumeSource } from '../volumes/mount-volumes';
import { runningExecs } from './exec-sessions';
import type { InspectDocument } from './inspect-document';
import { inspectHostConfig } from './inspect-host-config';
import { inspectNetworks } from './inspect-networks';
import { readNetworkSettings } from './network-settings';

/** Describes a container in docker's terms. */
export function inspectContainer(context: RuntimeContext, view: ContainerView): InspectDocument {
  const { record, paths, state } = view;
  const { options } = record;
  const { argv } = processArguments(imageProcess(options), options);
  const etc = etcFilesOf(context, record, paths);
  const running = state.status === 'running';
  return {
    Id: record.id,
    Created: record.created,
    Path: argv[0] ?? '',
    Args: argv.slice(1),
    State: inspectState(view),
    Image: options.image.id,
    ResolvConfPath: etc.resolvConf,
    HostnamePath: etc.hostname,
    HostsPath: etc.hosts,
    LogPath: options.log.driver === 'none' ? '' : paths.log,
    Name: `/${record.name}`,
    RestartCount: view.state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: running ? runningExecs(paths) : null,
    HostConfig: inspectHostConfig(record),
    GraphDriver: {
      Name: 'overlay2',
      Data: {
        LowerDir: options.image.lowerDirs.map(dir => join(context.layout.root, dir)).join(':'),
        MergedDir: paths.rootfs,
        UpperDir: paths.upper,
        WorkDir: paths.work,
      },
    },
    Mounts: mountPoints(context, view),
    Config: inspectConfig(view),
    NetworkSettings: inspectNetworks(record, running ? readNetworkSettings(paths) : []),
  };
}

function inspectState(view: ContainerView): InspectDocument {
  const { state, paths } = view;
  const failed = state.status === 'running' ? undefined : readFailedStart(paths, state.startedAt);
  const paused = isPaused(view);
  const health = readHealth(view.record, paths);
  return {
    Status: paused ? 'paused' : state.status,
    Running: isUp(state.status),
    Paused: paused,
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled || (state.status === 'running' && hasKilled(view)),
    Dead: false,
    Pid: state.pid,
    ExitCode: failed === undefined ? state.exitCode : failedStartStatus(failed),
    Error: failed?.message ?? state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(health === undefined || state.status === 'created' ? {} : { Health: health }),
  };
}

/** Whether the kernel has killed a process of a running container for want of memory. */
function hasKilled({ record }: ContainerView): boolean {
  return new CgroupReader().oomKills(record.id) > 0;
}

/** What docker shows as the exit status of a container whose start failed. */
function failedStartStatus({ code }: FailedStart): number {
  if (code === 'ERR_TINYD_COMMAND_NOT_FOUND') return 127;
  return code === 'ERR_TINYD_COMMAND_NOT_EXECUTABLE' ? 126 : 128;
}

/** docker's mount points: volumes and binds; a tmpfs stands in HostConfig.Tmpfs alone. */
function mountPoints(context: RuntimeContext, { record }: ContainerView): InspectDocument[] {
  const volumes = (record.volumes ?? []).map(volume => ({
    Type: 'volume',
    Name: volume.name,
    Source: volumeSource(context.layout, volume),
    Destination: volume.target,
    Driver: 'local',
    Mode: volume.readOnly ? 'ro' : '',
    RW: !volume.readOnly,
    Propagation: '',
  }));
  const binds = record.options.binds.map(bind => ({
    Type: 'bind',
    Source: bind.source,
    Destination: bind.target,
    Mode: bind.readOnly ? 'ro' : '',
    RW: !bind.readOnly,
    Propagation: bind.propagation,
  }));
  const images = (record.options.imageMounts ?? []).map(({ image, target }) => ({
    Type: 'image',
    Name: image.id,
    Source: image.name,
    Destination: target,
    Mode: '',
    RW: false,
    Propagation: '',
  }));
  return [...volumes, ...binds, ...images];
}

function inspectConfig({ record }: ContainerView): InspectDocument {
  const { options } = record;
  const image = imageProcess(options);
  const healthcheck = configuredHealthcheck(options);
  const { entrypoint, command } = processArguments(image, options);
  const exposed = [...Object.keys(image.ExposedPorts ?? {}), ...options.expose.map(withProtocol)];
  const published = options.ports.map(port => `${port.containerPort}/${port.protocol}`);
  return {
    Hostname: record.hostname,
    Domainname: record.domainname ?? '',
    User: options.user ?? image.User ?? '',
    AttachStdin: options.attachStdin,
    AttachStdout: options.attachStdout,
    AttachStderr: options.attachStderr,
    ExposedPorts: emptyObjects([...exposed, ...published]),
    Tty: options.tty,
    OpenStdin: options.openStdin,
    StdinOnce: options.stdinOnce,
    Env: configuredEnvironment(image.Env ?? [], options.env),
    Cmd: command,
    Image: options.image.name,
    Volumes: image.Volumes ?? null,
    WorkingDir: options.workingDir ?? image.WorkingDir ?? '',
    Entrypoint: entrypoint,
    Labels: { ...(image.Labels ?? {}), ...options.labels },
    StopSignal: options.stopSignal ?? image.StopSignal ?? 'SIGTERM',
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
    ...(options.stopTimeout === undefined ? {} : { StopTimeout: options.stopTimeout }),
  };
}

function withProtocol(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}

function emptyObjects(names: readonly string[]): Record<string, object> {
  return Object.fromEntries([...new Set(names)].map(name => [name, {}]));
}
