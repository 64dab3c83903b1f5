import type { ContainerImage, CreateOptions } from '@tinyd/runtime';

/** An image with nothing but a command. */
export const IMAGE: ContainerImage = {
  id: `sha256:${'1'.repeat(64)}`,
  name: 'busybox',
  config: {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  },
  lowerDirs: ['l/base'],
};

/** Options of `tinyd create busybox`, with what a test changes. */
export function createOptions(changes: Partial<CreateOptions> = {}): CreateOptions {
  return {
    image: IMAGE,
    command: [],
    env: [],
    groupAdd: [],
    labels: {},
    annotations: {},
    tty: false,
    openStdin: false,
    stdinOnce: false,
    attachStdin: false,
    attachStdout: false,
    attachStderr: false,
    autoRemove: false,
    binds: [],
    tmpfs: [],
    readOnlyRoot: false,
    capAdd: [],
    capDrop: [],
    privileged: false,
    noNewPrivileges: false,
    seccomp: 'default',
    systemPathsUnconfined: false,
    ulimits: [],
    init: false,
    network: { mode: 'none' },
    ports: [],
    publishAll: false,
    expose: [],
    addHosts: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    limits: {},
    devices: [],
    sysctls: {},
    log: { driver: 'json-file', maxBytes: 10 * 1024 * 1024, maxFiles: 3 },
    ...changes,
  };
}

/** The same with an image config of the test's own. */
export function withImage(
  config: NonNullable<CreateOptions['image']['config']['config']>,
  changes: Partial<CreateOptions> = {},
): CreateOptions {
  return createOptions({ image: { ...IMAGE, config: { ...IMAGE.config, config } }, ...changes });
}
