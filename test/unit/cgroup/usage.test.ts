import { strict as assert } from 'node:assert';
import { CgroupReader } from '../../../packages/runtime/dist/cgroup/usage';
import { fakeHost, v1Host } from './fake-host';

const GIB = 1024 ** 3;

describe('what a cgroup uses', () => {
  it('is read from v1', () => {
    const { host, remove } = v1Host({
      'cpu,cpuacct/tinyd/c/cpuacct.usage': '1234567890\n',
      'memory/tinyd/c/memory.usage_in_bytes': '5000\n',
      'memory/tinyd/c/memory.limit_in_bytes': '67108864\n',
      'memory/tinyd/c/memory.stat': 'inactive_file 1\ntotal_cache 7\ntotal_inactive_file 2000\n',
      'pids/tinyd/c/pids.current': '3\n',
      'blkio/tinyd/c/blkio.throttle.io_service_bytes_recursive':
        '8:0 Read 4096\n8:0 Write 10\n8:0 Total 4106\n8:16 Read 4\n8:16 Write 1\nTotal 4111\n',
    });
    assert.deepEqual(new CgroupReader(host, GIB).usage('c'), {
      cpuNanoseconds: 1_234_567_890,
      memoryBytes: 3000,
      memoryLimitBytes: 67_108_864,
      blockReadBytes: 4100,
      blockWrittenBytes: 11,
      pids: 3,
    });
    remove();
  });

  it('is read from v2', () => {
    const { host, remove } = fakeHost(
      {},
      { at: '.', controllers: 'cpu io memory pids' },
      {
        'tinyd/c/cpu.stat': 'usage_usec 1234\nuser_usec 1000\n',
        'tinyd/c/memory.current': '5000\n',
        'tinyd/c/memory.max': 'max\n',
        'tinyd/c/memory.stat': 'anon 1000\ninactive_anon 9\ninactive_file 2000\n',
        'tinyd/c/pids.current': '3\n',
        'tinyd/c/io.stat':
          '8:0 rbytes=4096 wbytes=10 rios=1 wios=1 dbytes=0 dios=0\n8:16 rbytes=4 wbytes=1\n',
      },
    );
    assert.deepEqual(new CgroupReader(host, GIB).usage('c'), {
      cpuNanoseconds: 1_234_000,
      memoryBytes: 3000,
      memoryLimitBytes: GIB,
      blockReadBytes: 4100,
      blockWrittenBytes: 11,
      pids: 3,
    });
    remove();
  });

  it('is never below zero, never limited by more than the host has, and zero for what is gone', () => {
    const { host, remove } = v1Host({
      'memory/tinyd/c/memory.usage_in_bytes': '1000\n',
      'memory/tinyd/c/memory.limit_in_bytes': '9223372036854771712\n',
      'memory/tinyd/c/memory.stat': 'total_inactive_file 1000\n',
    });
    const reader = new CgroupReader(host, GIB);
    assert.equal(reader.usage('c').memoryBytes, 1000);
    assert.equal(reader.usage('c').memoryLimitBytes, GIB);
    assert.deepEqual(reader.usage('gone'), {
      cpuNanoseconds: 0,
      memoryBytes: 0,
      memoryLimitBytes: GIB,
      blockReadBytes: 0,
      blockWrittenBytes: 0,
      pids: 0,
    });
    remove();
  });
});
