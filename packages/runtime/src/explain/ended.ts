import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { isEndSignal } from '../lifecycle/suppress-restart';
import type { ContainerView } from '../state/container-state';
import { LOST_REASONS } from '../state/status';
import type { Diagnosis, Finding, Obstacle } from './explanation';
import { counted, durationText, signalName, sizeText } from './words';

const SIGKILL = 9;
const SIGTERM = 15;

/** What the shell and the dynamic loader end with when a program cannot be executed, or is not there. */
export const PROGRAM_STATUSES: ReadonlySet<number> = new Set([126, 127]);

/** Says why a container's process ended. `obstacles`: what is wrong with its program, of one that ended with 126 or 127. */
export function explainEnd(
  view: ContainerView,
  argv: readonly string[],
  obstacles: readonly Obstacle[],
): Diagnosis {
  const { state, record } = view;
  const ran = ranFor(view);
  if (state.error !== '') return lost(view);
  if (state.oomKilled) return outOfMemory(view, ran);
  if (isStopped(view)) return stopped(view, ran);
  if (state.signal !== 0) return signalled(view, ran);
  if (state.exitCode === 0) return succeeded(view, argv, ran);
  const [obstacle] = obstacles;
  if (obstacle !== undefined) {
    return {
      cause: 'failed',
      verdict: `ended with status ${state.exitCode}: ${obstacle.reason}`,
      findings: [...obstacle.findings, ...ran],
      advice: obstacle.advice,
    };
  }
  const { meaning, advice } = statusMeaning(state.exitCode);
  return {
    cause: 'failed',
    verdict: `ended by itself with status ${state.exitCode}${meaning === '' ? '' : `: ${meaning}`}`,
    findings: ran,
    advice: [...advice, `look at all of its log: tinyd logs ${record.name}`],
  };
}

function ranFor({ state }: ContainerView): Finding[] {
  if (state.finishedAt.startsWith('0001')) return [];
  const text = `${durationText(state.startedAt, state.finishedAt)}, until ${state.finishedAt.slice(0, 19)}Z`;
  return [{ topic: 'Ran for', text }];
}

function lost({ state, record }: ContainerView): Diagnosis {
  const advice = [`start it again: tinyd start ${record.name}`];
  return {
    cause: 'lost',
    verdict: `does not run any more: ${state.error}`,
    findings: [{ topic: 'Started', text: `${state.startedAt.slice(0, 19)}Z` }],
    advice:
      state.error === LOST_REASONS.monitor
        ? [...advice, 'look in dmesg for who killed it: a host that is out of memory kills monitors as well']
        : advice,
  };
}

function outOfMemory({ state, record }: ContainerView, ran: readonly Finding[]): Diagnosis {
  const limit = record.options.limits.memoryBytes ?? 0;
  const facts = [
    limit > 0 ? `limit ${sizeText(limit)}` : 'no limit of its own',
    ...(state.memoryPeakBytes > 0 ? [`most in use ${sizeText(state.memoryPeakBytes)}`] : []),
    ...(state.oomKills > 0 ? [`${counted(state.oomKills, 'process')} killed`] : []),
  ];
  const where = limit > 0 ? `its limit of ${sizeText(limit)}` : 'what the host had';
  const verdict =
    state.signal === SIGKILL
      ? `ran out of memory: the kernel killed it at ${where}`
      : `ran out of memory: the kernel killed a process of it at ${where}, and it ended with status ${state.exitCode}`;
  return {
    cause: 'out-of-memory',
    verdict,
    findings: [{ topic: 'Memory', text: facts.join(', ') }, ...ran],
    advice: [
      limit > 0
        ? `give it more: tinyd update --memory ${suggestedLimit(limit)} --memory-swap -1 ${record.name}`
        : 'give the host more memory, or limit its containers with --memory',
      `see what it uses while it runs: tinyd stats ${record.name}`,
    ],
  };
}

/** Twice as much, as a flag takes it. */
function suggestedLimit(limit: number): string {
  return `${Math.ceil((2 * limit) / 1024 ** 2)}m`;
}

/** Whether a user asked it to end, and it ended in a way that this accounts for. */
function isStopped({ record, paths, state }: ContainerView): boolean {
  return existsSync(paths.stopped) && (state.signal === 0 || isEndSignal(record, state.signal));
}

function stopped({ state, record }: ContainerView, ran: readonly Finding[]): Diagnosis {
  const { signal, exitCode } = state;
  const end =
    signal === 0
      ? `ended with status ${exitCode}`
      : `was ended by ${signalName(signal)} (status ${exitCode})`;
  return {
    cause: 'stopped',
    verdict: `${end} because a user asked for it: tinyd stop, restart or kill`,
    findings: ran,
    advice: [...(signal === SIGKILL ? KILLED_IN_TIME : []), `start it again: tinyd start ${record.name}`],
  };
}

/** Why SIGKILL may have been needed. */
const KILLED_IN_TIME = [
  'tinyd kill sends SIGKILL, and so does tinyd stop when the program does not end in time',
  'a program that is PID 1 ends at SIGTERM only if it handles it: create it with --init, or with another --stop-signal',
];

function signalled({ state, record }: ContainerView, ran: readonly Finding[]): Diagnosis {
  const { signal, exitCode } = state;
  const { meaning, advice } = signalMeaning(signal, record.name);
  return {
    cause: 'signalled',
    verdict: `was ended by ${signalName(signal)} (status ${exitCode})${meaning === '' ? '' : `: ${meaning}`}`,
    findings: ran,
    advice,
  };
}

function signalMeaning(signal: number, name: string): { meaning: string; advice: string[] } {
  switch (signalName(signal)) {
    case 'SIGKILL':
      return {
        meaning: 'no tinyd stop or kill asked for it, and its memory limit is not the cause',
        advice: ['dmesg tells whether the host was out of memory', `start it again: tinyd start ${name}`],
      };
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
    case 'SIGQUIT':
      return { meaning: 'it was asked to stop', advice: [`start it again: tinyd start ${name}`] };
    case 'SIGSEGV':
    case 'SIGBUS':
      return {
        meaning: 'the program made a wrong access to memory',
        advice: ['it is a fault of the program'],
      };
    case 'SIGABRT':
      return { meaning: 'the program gave up itself', advice: [`its log may say why: tinyd logs ${name}`] };
    case 'SIGILL':
      return {
        meaning: 'the program uses an instruction that this processor lacks',
        advice: ['use a build for older processors'],
      };
    case 'SIGSYS':
      return {
        meaning: 'its seccomp profile forbids a system call that it made',
        advice: ['allow the call in the profile: --security-opt seccomp=FILE; dmesg names it'],
      };
    default:
      return { meaning: '', advice: [] };
  }
}

function succeeded(view: ContainerView, argv: readonly string[], ran: readonly Finding[]): Diagnosis {
  const { record } = view;
  const isBareShell = argv.length === 1 && /^(ba|da|a|z|k)?sh$/.test(posix.basename(argv[0] ?? ''));
  if (isBareShell && !record.options.openStdin) {
    return {
      cause: 'succeeded',
      verdict: 'ended by itself with status 0: a shell without input has nothing to do',
      findings: ran,
      advice: [
        `give it a terminal: tinyd run -it ${record.options.image.name}`,
        'or a command that goes on: the container ends with its first process',
      ],
    };
  }
  return {
    cause: 'succeeded',
    verdict: 'ended by itself with status 0: it had done its work',
    findings: ran,
    advice: [
      'was it to go on? Its first process must stay in the foreground: the container ends with it',
      `run it again: tinyd start ${record.name}`,
    ],
  };
}

function statusMeaning(status: number): { meaning: string; advice: string[] } {
  if (status === 126) return { meaning: 'it could not execute a program, its log names it', advice: [] };
  if (status === 127) return { meaning: 'it did not find a program, its log names it', advice: [] };
  if (status > 128 && status <= 128 + 64) {
    const name = signalName(status - 128);
    const advice = status - 128 === SIGTERM ? ['it was asked to stop'] : [];
    return { meaning: `so a shell tells that ${name} ended what it ran`, advice };
  }
  return { meaning: '', advice: [] };
}
