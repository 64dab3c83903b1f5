import type { ImageConfig, ImageHealthcheck } from '@tinyd/core';

/** The image a container is made from: all that the runtime needs to know of the store. */
export interface ContainerImage {
  /** Image ID: the config's digest. */
  readonly id: string;
  /** The name the user gave, as it is shown in `ps`. */
  readonly name: string;
  readonly config: ImageConfig;
  /** Overlay lower dirs, topmost first, relative to the root folder: `l/3fd2a1b09c4e`. */
  readonly lowerDirs: readonly string[];
}

/** What `create` and `run` accept, parsed. Undefined or absent: docker's default. */
export interface CreateOptions {
  readonly image: ContainerImage;
  readonly name?: string;
  /** Arguments after the image name; replaces the image's Cmd when not empty. */
  readonly command: readonly string[];
  /** `[]` resets the image's entrypoint (`--entrypoint ""`). */
  readonly entrypoint?: readonly string[];
  /** `K=V` (bare names were looked up in the host's environment by the caller); `K` removes the image's variable. */
  readonly env: readonly string[];
  readonly workingDir?: string;
  /** `name|uid[:group|gid]`, looked up inside the image. */
  readonly user?: string;
  readonly groupAdd: readonly string[];
  readonly hostname?: string;
  readonly domainname?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly tty: boolean;
  /** `-i`: keep stdin open. */
  readonly openStdin: boolean;
  /** stdin closes when the first attached client leaves (docker: attached and -i). */
  readonly stdinOnce: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly autoRemove: boolean;
  /** Absent: `no`. Never together with `autoRemove`. */
  readonly restart?: RestartPolicy;
  /** `--health-*`: what is absent, or 0, is as the image says. `Test: ['NONE']` for none at all. */
  readonly healthcheck?: ImageHealthcheck;
  /** podman's `--health-on-failure`. Absent: `none`. */
  readonly healthOnFailure?: 'none' | 'kill' | 'restart' | 'stop';
  readonly binds: readonly BindMount[];
  /** Named and anonymous volumes. Those of the image's VOLUMEs come on top. */
  readonly volumes?: readonly VolumeMount[];
  /** `--volumes-from`: take over the binds and volumes of other containers. */
  readonly volumesFrom?: readonly { readonly container: string; readonly readOnly: boolean }[];
  readonly tmpfs: readonly TmpfsMount[];
  /** `--mount type=image`: what is in other images, read-only. */
  readonly imageMounts?: readonly ImageMount[];
  readonly readOnlyRoot: boolean;
  /** `--storage-opt size=10G`: what its own layer may take up; `size` as it was given. */
  readonly storage?: { readonly size: string; readonly bytes: number };
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly privileged: boolean;
  readonly noNewPrivileges: boolean;
  /** `default`, `unconfined`, or the text of a docker/OCI seccomp profile. */
  readonly seccomp: 'default' | 'unconfined' | { readonly path: string; readonly json: string };
  readonly systemPathsUnconfined: boolean;
  readonly ulimits: readonly { readonly name: string; readonly soft: number; readonly hard: number }[];
  readonly init: boolean;
  readonly stopSignal?: string;
  /** Seconds. */
  readonly stopTimeout?: number;
  readonly network: NetworkChoice;
  /** The networks to be on, eth0's first; absent with the modes that say it all. Changed by connect and disconnect. */
  readonly endpoints?: readonly NetworkEndpoint[];
  readonly ports: readonly PortMapping[];
  readonly publishAll: boolean;
  readonly expose: readonly string[];
  /** `host:ip` pairs for /etc/hosts; `host-gateway` stands for the bridge's address. */
  readonly addHosts: readonly { readonly name: string; readonly address: string }[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  readonly shmBytes?: number;
  readonly limits: ResourceLimits;
  readonly devices: readonly {
    readonly source: string;
    readonly target: string;
    readonly permissions: string;
  }[];
  /** `--device-cgroup-rule`: `c 10:229 rw`, `*` for any number. */
  readonly deviceCgroupRules?: readonly string[];
  /** `--pid`; undefined: processes of its own. */
  readonly pid?: HostOrContainer;
  /** `--ipc`; undefined: private. */
  readonly ipc?: IpcChoice;
  /** `--uts host`: the host's own name. */
  readonly hostUts?: boolean;
  /** `--cgroupns host`: /proc/self/cgroup tells the whole path. */
  readonly hostCgroupns?: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly oomScoreAdj?: number;
  /** docker's json-file options. Rotation is on by default: 10 MiB, 3 files. */
  readonly log: {
    readonly driver: 'json-file' | 'none';
    readonly maxBytes: number;
    readonly maxFiles: number;
  };
}

/** `--restart`: when a container that has ended is started again. */
export interface RestartPolicy {
  readonly name: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** For `on-failure`; 0: without limit. */
  readonly maximumRetryCount: number;
}

/** `-v /host:/ctr:ro`. */
export interface BindMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  readonly propagation: 'rprivate' | 'private' | 'rshared' | 'shared' | 'rslave' | 'slave';
  /** Make a missing source folder, as `-v` does (a `--mount` bind must exist). */
  readonly createSource: boolean;
  /**
   * What becomes of mounts below the source. Undefined: they are there too, read-only if the mount is. `hidden`: they are not;
   * `writable`: they are, and a read-only mount leaves them as they are on the host.
   */
  readonly submounts?: 'hidden' | 'writable';
  /** Taken over from another container (`--volumes-from`). */
  readonly inherited?: true;
}

/** `-v name:/ctr:ro,nocopy`, `-v /ctr`. */
export interface VolumeMount {
  /** Made when it is missing. Undefined: a new anonymous volume. */
  readonly name?: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** Do not fill an empty volume with what the image has at `target`. */
  readonly noCopy: boolean;
  /** What to mount of the volume: an existing path in it. */
  readonly subpath?: string;
  /** For the volume, if it is made. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The same: it is to stand for this folder. */
  readonly folder?: HostFolder;
}

/** A folder of the host that a volume stands for: its content is there, and stays when the volume is removed. */
export interface HostFolder {
  /** Absolute; must exist when the volume is mounted. */
  readonly path: string;
  /** With the mounts below it. */
  readonly recursive: boolean;
  readonly readOnly: boolean;
}

/** `--mount type=image,source=IMAGE,target=/ctr,image-subpath=usr/share`. */
export interface ImageMount {
  readonly image: Pick<ContainerImage, 'id' | 'name' | 'lowerDirs'>;
  readonly target: string;
  /** What to mount of it: an existing path in the image. */
  readonly subpath?: string;
}

/** `--tmpfs /run:rw,size=64m,mode=1777`, options checked against a closed list. */
export interface TmpfsMount {
  readonly target: string;
  readonly options: readonly string[];
}

/** `--network`. */
export type NetworkChoice =
  | { readonly mode: 'bridge' }
  | { readonly mode: 'none' }
  | { readonly mode: 'host' }
  /** Networks that the user made; the first of them is named. */
  | { readonly mode: 'user'; readonly network: string }
  | { readonly mode: 'container'; readonly container: string };

/** One of the networks of a container, as the user wants it. */
export interface NetworkEndpoint {
  /** Name or ID; in a record always the name. */
  readonly network: string;
  /** Further names by which containers of the network find it. */
  readonly aliases?: readonly string[];
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  /** Of several networks the one with the highest number is the way out; 0 if absent. */
  readonly gwPriority?: number;
}

/** A namespace that is shared with the host, or with a container that must run at the start. */
export type HostOrContainer =
  | { readonly mode: 'host' }
  | { readonly mode: 'container'; readonly container: string };

/** `none`: without /dev/shm. `shareable`: others may join it. */
export type IpcChoice = HostOrContainer | { readonly mode: 'private' | 'shareable' | 'none' };

/** One published port; ranges are already unrolled. */
export interface PortMapping {
  /** Undefined: all local addresses. */
  readonly hostIp?: string;
  /** Undefined: an ephemeral port, chosen at start. */
  readonly hostPort?: number;
  /** Last port of the host range when a range was given for one container port (`-p 8000-8010:80`). */
  readonly hostPortEnd?: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp';
}

/** Limits as docker states them; bytes, microseconds. Undefined: unlimited. */
export interface ResourceLimits {
  readonly memoryBytes?: number;
  /** Memory plus swap; -1: unlimited swap. */
  readonly memorySwapBytes?: number;
  readonly memoryReservationBytes?: number;
  readonly memorySwappiness?: number;
  readonly oomKillDisable?: boolean;
  /** `--cpus`, in billionths. */
  readonly nanoCpus?: number;
  readonly cpuShares?: number;
  readonly cpuPeriodUs?: number;
  readonly cpuQuotaUs?: number;
  readonly cpusetCpus?: string;
  readonly cpusetMems?: string;
  /** -1: unlimited. */
  readonly pidsLimit?: number;
  readonly blkioWeight?: number;
  readonly blkioWeightDevices?: readonly DeviceLimit[];
  /** Bytes a second. */
  readonly deviceReadBps?: readonly DeviceLimit[];
  readonly deviceWriteBps?: readonly DeviceLimit[];
  /** Operations a second. */
  readonly deviceReadIops?: readonly DeviceLimit[];
  readonly deviceWriteIops?: readonly DeviceLimit[];
}

/** A limit of one disk of the host. */
export interface DeviceLimit {
  /** `/dev/sda`. */
  readonly path: string;
  readonly value: number;
}
