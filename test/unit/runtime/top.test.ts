import { strict as assert } from 'node:assert';
import { readTraffic } from '../../../packages/runtime/dist/lifecycle/stats';
import { selectProcesses } from '../../../packages/runtime/dist/lifecycle/top';

describe('the table of ps', () => {
  const OUTPUT = [
    'UID          PID    PPID  C STIME TTY          TIME CMD',
    'root           1       0  0 08:00 ?        00:00:01 /sbin/init  splash',
    'root          12       1  0 08:00 ?        00:00:00 nginx: master  process -g daemon off;',
    '',
  ].join('\n');

  it('is cut to some processes, the last column whole', () => {
    const { titles, processes } = selectProcesses(OUTPUT, new Set([12]), ['-ef']);
    assert.deepEqual(titles, ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD']);
    assert.deepEqual(processes, [
      ['root', '12', '1', '0', '08:00', '?', '00:00:00', 'nginx: master process -g daemon off;'],
    ]);
  });

  it('needs PIDs', () => {
    assert.throws(() => selectProcesses('CMD\nsh\n', new Set([1]), ['-o', 'cmd']), {
      code: 'ERR_TINYD_OPTION_INVALID',
    });
  });
});

describe('network counters', () => {
  it('are those of all interfaces but loopback', () => {
    const text = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier',
      '    lo:    9999      10    0    0    0     0          0         0     9999      10    0    0    0     0       0',
      '  eth0:    1000      10    0    0    0     0          0         0       20       1    0    0    0     0       0',
      '  eth1:7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0',
    ].join('\n');
    assert.deepEqual(readTraffic(text), { networkReceivedBytes: 1007, networkSentBytes: 25 });
  });
});
