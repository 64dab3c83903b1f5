import { strict as assert } from 'node:assert';
import type { StateFile } from '../../../packages/runtime/dist/state/state-file';
import { observe, STATUS_RULES, wrongState } from '../../../packages/runtime/dist/state/status';

const RUNNING: StateFile = {
  status: 'running',
  pid: 100,
  startTicks: '5000',
  monitorPid: 99,
  monitorStartTicks: '4999',
  bootId: 'boot',
  startedAt: '2026-01-01T00:00:00.000000001Z',
};
const EXITED: StateFile = { ...RUNNING, status: 'exited', exitCode: 3, finishedAt: '2026-01-01T00:00:01Z' };
const host = (ticks: Record<number, string>, boot = 'boot') => ({
  bootId: () => boot,
  startTicksOf: (pid: number) => ticks[pid],
});

describe('state of a container', () => {
  const alive = host({ 99: '4999', 100: '5000' });

  it('is created without a state file', () => {
    assert.equal(observe(undefined, alive).status, 'created');
  });

  it('is running while the monitor lives', () => {
    const state = observe(RUNNING, alive);
    assert.deepEqual(
      [state.status, state.pid, state.startTicks, state.stale],
      ['running', 100, '5000', false],
    );
  });

  it('is exited when the file says so, whoever has the PID now', () => {
    const state = observe(EXITED, alive);
    assert.deepEqual([state.status, state.pid, state.exitCode, state.stale], ['exited', 0, 3, false]);
  });

  const lost: [title: string, host: ReturnType<typeof host>][] = [
    ['the monitor is gone', host({ 100: '5000' })],
    ['another process has the monitor’s PID', host({ 99: '70000', 100: '5000' })],
    ['the host was restarted', host({ 99: '4999', 100: '5000' }, 'another boot')],
  ];
  for (const [title, machine] of lost) {
    it(`is exited (137) when ${title}`, () => {
      const state = observe(RUNNING, machine);
      assert.deepEqual([state.status, state.exitCode, state.stale, state.pid], ['exited', 137, true, 0]);
      assert.notEqual(state.error, '');
    });
  }

  it('is restarting while the monitor waits, and then exited with the status of the last run', () => {
    const waiting: StateFile = { ...EXITED, status: 'restarting', pid: 0, restartCount: 4 };
    const state = observe(waiting, alive);
    assert.deepEqual([state.status, state.pid, state.exitCode, state.restartCount], ['restarting', 0, 3, 4]);
    const lost = observe(waiting, host({}));
    assert.deepEqual([lost.status, lost.exitCode, lost.stale], ['exited', 3, true]);
  });

  it('allows what docker allows', () => {
    assert.deepEqual(STATUS_RULES, {
      created: { canStart: true, hasProcess: false, canRemove: true },
      running: { canStart: false, hasProcess: true, canRemove: false },
      restarting: { canStart: false, hasProcess: false, canRemove: false },
      exited: { canStart: true, hasProcess: false, canRemove: true },
    });
  });

  it('a wrong state names itself and a way out', () => {
    const error = wrongState('remove', 'web', 'running');
    assert.equal(error.code, 'ERR_TINYD_CONTAINER_STATE');
    assert.deepEqual(error.details, { container: 'web', status: 'running' });
    assert.match(error.hint ?? '', /tinyd stop/);
  });
});
