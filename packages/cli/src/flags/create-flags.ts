import { text, texts, toggle } from './define';
import { limitFlags } from './limit-flags';

const IDENTITY = { helpGroup: 'identity' };
const PROCESS = { helpGroup: 'process' };
const HEALTH = { helpGroup: 'health' };
const NETWORK = { helpGroup: 'network' };
const FILES = { helpGroup: 'files' };
const LIMITS = { helpGroup: 'limits' };
const SECURITY = { helpGroup: 'security' };

const identityFlags = {
  name: text('Name of the container', 'NAME', IDENTITY),
  label: texts('Label, as KEY[=VALUE]', 'LABEL', { ...IDENTITY, char: 'l' }),
  'label-file': texts('File of labels, one a line', 'FILE', IDENTITY),
  annotation: texts('Annotation for the OCI config, as KEY=VALUE', 'PAIR', IDENTITY),
  cidfile: text('Write the container ID to a new file', 'FILE', IDENTITY),
  replace: toggle('Kill and remove the container that has the name', IDENTITY),
  rm: toggle('Remove the container when it ends', IDENTITY),
  pull: text('Pull before creating: always, missing or never', 'WHEN', { ...IDENTITY, default: 'missing' }),
  platform: text('Platform of the image, as os[/arch[/variant]]', 'PLATFORM', IDENTITY),
  quiet: toggle('Print no pull progress', { ...IDENTITY, char: 'q' }),
  restart: text('When to start it again: no, on-failure[:TIMES], always or unless-stopped', 'POLICY', {
    ...IDENTITY,
    default: 'no',
  }),
};

const processFlags = {
  interactive: toggle('Keep stdin open', { ...PROCESS, char: 'i' }),
  tty: toggle('Give the process a terminal', { ...PROCESS, char: 't' }),
  attach: texts('Attach to stdin, stdout or stderr', 'STREAM', { ...PROCESS, char: 'a' }),
  env: texts("Environment variable: K=V, or K to pass the host's value", 'VAR', { ...PROCESS, char: 'e' }),
  'env-file': texts('File of environment variables', 'FILE', PROCESS),
  workdir: text('Working directory', 'DIR', { ...PROCESS, char: 'w' }),
  user: text('User, as name|uid[:group|gid]', 'USER', { ...PROCESS, char: 'u' }),
  'group-add': texts('Further group of the process', 'GROUP', PROCESS),
  entrypoint: text('Replace the image\'s entrypoint; "" removes it', 'COMMAND', PROCESS),
  init: toggle('Run an init as PID 1 that reaps and forwards signals', PROCESS),
  'stop-signal': text('Signal that asks the process to stop', 'SIGNAL', PROCESS),
  'stop-timeout': text('Seconds until a stop becomes a kill', 'SECONDS', PROCESS),
  'health-cmd': text('Shell command that tells whether the container is well', 'COMMAND', HEALTH),
  'health-interval': text('Time between checks', 'TIME', HEALTH),
  'health-timeout': text('Time that a check may take', 'TIME', HEALTH),
  'health-retries': text('Failures in a row that make it unhealthy', 'NUMBER', HEALTH),
  'health-start-period': text('Time after the start in which failures do not count', 'TIME', HEALTH),
  'health-start-interval': text('Time between checks meanwhile', 'TIME', HEALTH),
  'health-on-failure': text('What follows: none, kill, restart or stop', 'ACTION', HEALTH),
  'no-healthcheck': toggle("Leave the image's health check out", HEALTH),
  'log-driver': text('json-file or none', 'DRIVER', PROCESS),
  'log-opt': texts('max-size=10m, max-file=3', 'OPTION', PROCESS),
};

const networkFlags = {
  publish: texts('Publish a port: [ip:][hostPort:]containerPort[/tcp|udp]', 'PORT', {
    ...NETWORK,
    char: 'p',
  }),
  'publish-all': toggle('Publish all exposed ports to free ports', { ...NETWORK, char: 'P' }),
  expose: texts('Expose a port or range', 'PORT', NETWORK),
  network: texts(
    'A network, bridge (default), none, host or container:NAME; or name=…,alias=…,ip=…',
    'NETWORK',
    {
      ...NETWORK,
      aliases: ['net'],
    },
  ),
  'network-alias': texts('Further name on the first network', 'NAME', { ...NETWORK, aliases: ['net-alias'] }),
  ip: text('IPv4 address on the first network', 'IP', NETWORK),
  ip6: text('IPv6 address on the first network', 'IP', NETWORK),
  'mac-address': text('Hardware address on the first network', 'MAC', NETWORK),
  hostname: text('Host name', 'NAME', { ...NETWORK, char: 'h' }),
  domainname: text('Domain name', 'NAME', NETWORK),
  'add-host': texts('Line for /etc/hosts, as host:ip', 'HOST', NETWORK),
  dns: texts('DNS server', 'IP', NETWORK),
  'dns-search': texts('DNS search domain', 'DOMAIN', NETWORK),
  'dns-option': texts('Resolver option', 'OPTION', { ...NETWORK, aliases: ['dns-opt'] }),
};

const fileFlags = {
  volume: texts('Mount a host folder or a volume, as [PATH|NAME:]TARGET[:ro]', 'MOUNT', {
    ...FILES,
    char: 'v',
  }),
  mount: texts('type=volume|bind|tmpfs|image,src=…,dst=…[,readonly]', 'MOUNT', FILES),
  'volumes-from': texts('Mount what another container mounts, as CONTAINER[:ro]', 'CONTAINER', FILES),
  tmpfs: texts('Mount a tmpfs, as TARGET[:size=64m,mode=1777]', 'MOUNT', FILES),
  'read-only': toggle('Mount the root file system read-only', FILES),
  'storage-opt': texts(
    'size=10G: what the container may write, on ext4 and xfs with project quotas',
    'OPTION',
    FILES,
  ),
  'shm-size': text('Size of /dev/shm', 'SIZE', FILES),
  device: texts('Host device, as SOURCE[:TARGET][:rwm]', 'DEVICE', FILES),
  'device-cgroup-rule': texts('Devices that may be used, as "c 10:229 rwm"', 'RULE', FILES),
};

const furtherLimitFlags = {
  'memory-swappiness': text('Swappiness, 0 to 100', 'NUMBER', LIMITS),
  'oom-kill-disable': toggle('Do not kill when memory runs out', LIMITS),
  'oom-score-adj': text('OOM preference, -1000 to 1000', 'NUMBER', LIMITS),
  ulimit: texts('Resource limit, as nofile=1024:2048', 'LIMIT', LIMITS),
};

const securityFlags = {
  'cap-add': texts('Add a capability, or ALL', 'CAP', SECURITY),
  'cap-drop': texts('Drop a capability, or ALL', 'CAP', SECURITY),
  privileged: toggle('All capabilities and devices, no confinement', SECURITY),
  'security-opt': texts(
    'no-new-privileges, seccomp=unconfined|FILE, systempaths=unconfined',
    'OPTION',
    SECURITY,
  ),
  pid: text('host or container:NAME: whose processes it sees', 'NAMESPACE', SECURITY),
  ipc: text('none, private, shareable, host or container:NAME', 'NAMESPACE', SECURITY),
  uts: text("host: the host's own name", 'NAMESPACE', SECURITY),
  userns: text('host, as every container has it', 'NAMESPACE', SECURITY),
  cgroupns: text('host or private', 'NAMESPACE', SECURITY),
  sysctl: texts('Namespaced kernel parameter, as KEY=VALUE', 'PAIR', SECURITY),
};

/** The flags that `create` and `run` share. Values stay text here; create-options.ts reads them. */
export const createFlags = {
  ...identityFlags,
  ...processFlags,
  ...networkFlags,
  ...fileFlags,
  ...limitFlags,
  ...furtherLimitFlags,
  ...securityFlags,
};

/** Flags of `docker run` and `docker create` (28.2) that tinyd answers with a refusal that names them. */
export const REFUSED_CREATE_FLAGS = [
  'cgroup-parent',
  'cpu-count',
  'cpu-percent',
  'cpu-rt-period',
  'cpu-rt-runtime',
  'detach',
  'detach-keys',
  'disable-content-trust',
  'gpus',
  'io-maxbandwidth',
  'io-maxiops',
  'isolation',
  'kernel-memory',
  'link',
  'link-local-ip',
  'runtime',
  'sig-proxy',
  'use-api-socket',
  'volume-driver',
] as const;
