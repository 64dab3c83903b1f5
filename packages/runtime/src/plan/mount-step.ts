/** One step in the new root. Missing targets are made, as the step's kind demands. */
export type MountStep =
  | {
      readonly kind: 'filesystem';
      readonly type: string;
      readonly source: string;
      readonly target: string;
      readonly flags: number;
      readonly data: string;
    }
  /** `flags`: MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC; `flagsBelow`: for the mounts below it too. Source is a host path, resolved before the namespaces change. */
  | {
      readonly kind: 'bind';
      readonly source: string;
      /** What to mount of the folder `source`, resolved inside it (RESOLVE_IN_ROOT): containers may have put links there. */
      readonly subpath?: string;
      /** `source` is looked up in the mounts of this process, from its root, instead of the host's. */
      readonly process?: { readonly pid: number; readonly startTicks: bigint };
      readonly target: string;
      readonly recursive: boolean;
      readonly flags: number;
      readonly flagsBelow: boolean;
      readonly propagation: 'private' | 'rprivate' | 'slave' | 'rslave' | 'shared' | 'rshared';
      readonly targetIsDirectory: boolean;
    }
  /**
   * Layers of an image, read-only. `overlayOptions` without an upper dir, relative to the root file system's workingDir;
   * `subpath` is resolved in what they make together (RESOLVE_IN_ROOT), empty: all of it.
   */
  | {
      readonly kind: 'image';
      readonly target: string;
      readonly overlayOptions: string;
      readonly subpath: string;
    }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly type: 'c' | 'b';
      readonly major: number;
      readonly minor: number;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  /** Bind of the helper's own verified /dev/null (files) or an empty read-only tmpfs (folders); absent paths are skipped. */
  | { readonly kind: 'mask'; readonly path: string }
  /** Remount read-only; absent paths are skipped. */
  | { readonly kind: 'readonly'; readonly path: string }
  /** docker's v1 view: a tmpfs at `target` with, per hierarchy, a read-only bind of the container's own cgroup. */
  | {
      readonly kind: 'cgroup-v1';
      readonly target: string;
      readonly hierarchies: readonly { readonly name: string; readonly source: string }[];
      readonly links: readonly { readonly name: string; readonly target: string }[];
    };
