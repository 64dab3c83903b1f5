import { text, texts } from './define';

const LIMITS = { helpGroup: 'limits' };

/** Limits that `create` and `run` set and `update` changes. Their values are read by `readLimitFlags`. */
export const limitFlags = {
  memory: text('Memory limit, as 512m', 'SIZE', { ...LIMITS, char: 'm' }),
  'memory-swap': text('Limit of memory and swap together; -1 is unlimited', 'SIZE', LIMITS),
  'memory-reservation': text('Memory that is kept for the container under pressure', 'SIZE', LIMITS),
  cpus: text('Number of CPUs, as 0.5', 'NUMBER', LIMITS),
  'cpu-shares': text('Relative CPU weight', 'NUMBER', { ...LIMITS, char: 'c' }),
  'cpu-period': text('CFS period in microseconds', 'USEC', LIMITS),
  'cpu-quota': text('CFS quota in microseconds', 'USEC', LIMITS),
  'cpuset-cpus': text('CPUs to run on, as 0-3 or 0,1', 'LIST', LIMITS),
  'cpuset-mems': text('Memory nodes to use', 'LIST', LIMITS),
  'pids-limit': text('Number of processes; -1 is unlimited', 'NUMBER', LIMITS),
  'blkio-weight': text('Block IO weight, 10 to 1000', 'NUMBER', LIMITS),
  'blkio-weight-device': texts('Block IO weight on one disk, as /dev/sda:500', 'DEVICE:WEIGHT', LIMITS),
  'device-read-bps': texts('Bytes a second to read from a disk, as /dev/sda:1mb', 'DEVICE:RATE', LIMITS),
  'device-write-bps': texts('Bytes a second to write to a disk', 'DEVICE:RATE', LIMITS),
  'device-read-iops': texts('Reads a second from a disk', 'DEVICE:RATE', LIMITS),
  'device-write-iops': texts('Writes a second to a disk', 'DEVICE:RATE', LIMITS),
};
