/** What docker's templates know from its types, and data does not say: which fields are maps or lists, and which were left out. */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Their keys come from users, so that one may be missing. All else has the fields of its type. */
export const MAPS = words(
  `Annotations Attributes AuxiliaryAddresses Containers DriverOpts ExposedPorts Labels Networks Options PortBindings Ports
  StorageOpt Sysctls Tmpfs Volumes`,
);

const LISTS = words(
  `Aliases Binds BlkioDeviceReadBps BlkioDeviceReadIOps BlkioDeviceWriteBps BlkioDeviceWriteIOps BlkioWeightDevice CapAdd
  CapDrop Cmd DNSNames DeviceCgroupRules DeviceRequests Devices Dns DnsOptions DnsSearch Entrypoint Env ExecIDs ExtraHosts
  GroupAdd Links MaskedPaths Mounts OnBuild ReadonlyPaths RepoDigests RepoTags SecurityOpt Shell Ulimits VolumesFrom`,
);

/** Fields that a document leaves out when they are empty, by the name of what has them. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  Config: {
    ...{ Cmd: null, Entrypoint: null, Env: null, OnBuild: null, Shell: null },
    ...{ ExposedPorts: null, Labels: null, Volumes: null, Healthcheck: null, StopTimeout: null },
    ...{ StopSignal: '', User: '', WorkingDir: '' },
  },
  HostConfig: { Annotations: null, Init: null, Mounts: null, StorageOpt: null, Sysctls: null, Tmpfs: null },
  State: { Health: null },
};

class NilList extends Array<never> {
  toJSON(): null {
    return null;
  }
}

class NilMap {
  toJSON(): null {
    return null;
  }
}

/** Whether an object of this name may leave a field out. */
export function isLeftOut(owner: string, field: string): boolean {
  return Object.hasOwn(LEFT_OUT, owner) && Object.hasOwn(LEFT_OUT[owner] ?? {}, field);
}

/** What such a field is. */
export function leftOut(owner: string, field: string): unknown {
  return LEFT_OUT[owner]?.[field];
}

/** A null with the type that docker gives it: its nil lists and maps are empty for all but `json`. */
export function typedNull(field: string): unknown {
  if (LISTS.has(field)) return new NilList();
  return MAPS.has(field) ? new NilMap() : null;
}
