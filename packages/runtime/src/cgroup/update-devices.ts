import { readFileSync } from 'node:fs';
import type { Write } from './v1';

/** A file of a running container's cgroup that is to hold another value. */
export interface CgroupChange extends Write {
  /** Absolute path of the cgroup. */
  readonly folder: string;
}

/** Files with a line for each disk, and what takes a disk out of them. */
const DEVICE_FILES: Readonly<Record<string, string>> = {
  'blkio.bfq.weight_device': '0',
  'blkio.throttle.read_bps_device': '0',
  'blkio.throttle.write_bps_device': '0',
  'blkio.throttle.read_iops_device': '0',
  'blkio.throttle.write_iops_device': '0',
  'io.max': 'rbps=max wbps=max riops=max wiops=max',
  'io.bfq.weight': 'default',
  'io.weight': 'default',
};

/** `8:0` of `8:0 1048576`; undefined: the value is for no disk in particular. */
export function deviceOf(value: string): string | undefined {
  return /^(\d+:\d+) /.exec(value)?.[1];
}

/** The lines of a file by their disk; lines of another kind are left out. */
export function deviceLines(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').map(line => line.trim());
  return new Map(lines.flatMap(line => (deviceOf(line) === undefined ? [] : [[deviceOf(line) ?? '', line]])));
}

/** The line that takes a disk's limits away. */
export function unlimitedDevice(file: string, device: string): string {
  return `${device} ${DEVICE_FILES[file] ?? '0'}`;
}

/** The lines that differ from the wanted ones, those of disks that are not named any more included. */
export function deviceChanges(folder: string, writes: readonly Write[]): CgroupChange[] {
  return Object.keys(DEVICE_FILES).flatMap(file => {
    const present = deviceLines(readText(`${folder}/${file}`));
    const wanted = writes.filter(write => write.file === file && deviceOf(write.value) !== undefined);
    const named = new Set(wanted.map(({ value }) => deviceOf(value)));
    const gone = [...present.keys()]
      .filter(device => !named.has(device))
      .map(device => ({ file, value: unlimitedDevice(file, device), optional: false }));
    return [...wanted, ...gone]
      .filter(({ value }) => present.get(deviceOf(value) ?? '') !== value)
      .map(write => ({ folder, ...write }));
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // Not there: writing to it will tell.
    return '';
  }
}
