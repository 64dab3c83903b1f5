import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type CgroupHost, detectCgroups } from '../../../packages/runtime/dist/cgroup/hierarchies';

/** A host's cgroup mounts, as plain folders with the files that planning looks at. */
export interface FakeHost {
  readonly root: string;
  readonly host: CgroupHost;
  remove(): void;
}

/**
 * @param v1 mount names and what they carry: `{ 'cpu,cpuacct': 'cpu,cpuacct' }`
 * @param v2 where the v2 hierarchy is mounted and its controllers; undefined: nowhere
 * @param files path below the root, content
 */
export function fakeHost(
  v1: Readonly<Record<string, string>>,
  v2: { readonly at: string; readonly controllers: string } | undefined,
  files: Readonly<Record<string, string>> = {},
): FakeHost {
  const root = mkdtempSync(join(tmpdir(), 'tinyd-cgroup-'));
  const mounts = Object.entries(v1).map(
    ([name, options], index) =>
      `${40 + index} 31 0:${30 + index} / ${root}/${name} rw,nosuid shared:${index} - cgroup cgroup rw,${options}`,
  );
  if (v2 !== undefined) mounts.push(`60 31 0:60 / ${join(root, v2.at)} rw - cgroup2 cgroup2 rw,nsdelegate`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  const mountinfo = ['22 1 8:1 / / rw - ext4 /dev/sda rw', ...mounts, ''].join('\n');
  const host = detectCgroups(path => {
    if (path === '/proc/self/mountinfo') return mountinfo;
    if (v2 !== undefined && path === `${join(root, v2.at)}/cgroup.controllers`) return `${v2.controllers}\n`;
    throw new Error(`unexpected read of ${path}`);
  });
  return { root, host, remove: () => rmSync(root, { recursive: true }) };
}

const CPUSET = {
  'cpuset/cpuset.cpus': '0-3\n',
  'cpuset/cpuset.mems': '0\n',
  'cpuset/cpuset.effective_cpus': '0-3\n',
  'cpuset/cpuset.effective_mems': '0\n',
};

/** As with systemd: cpu and cpuacct together, v2 beside it with nothing to control. */
export const v1Host = (files: Readonly<Record<string, string>> = {}): FakeHost =>
  fakeHost(
    {
      'cpu,cpuacct': 'cpu,cpuacct',
      cpuset: 'cpuset',
      memory: 'memory',
      pids: 'pids',
      blkio: 'blkio',
      devices: 'devices',
      freezer: 'freezer',
      systemd: 'xattr,name=systemd',
    },
    { at: 'unified', controllers: 'hugetlb' },
    { ...CPUSET, 'memory/memory.memsw.limit_in_bytes': '0', ...files },
  );

export const v2Host = (controllers = 'cpuset cpu io memory hugetlb pids'): FakeHost =>
  fakeHost(
    {},
    { at: '.', controllers },
    { 'cpuset.cpus.effective': '0-3\n', 'cpuset.mems.effective': '0\n' },
  );
