import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface Options {
  /** Parts of job names; undefined: all jobs. */
  readonly only: readonly string[] | undefined;
  /** Names of contenders beside tinyd; undefined: all that are found. */
  readonly engines: readonly string[] | undefined;
  /** Rounds of every job; undefined: as each job has it. */
  readonly rounds: number | undefined;
  /** Folder on a disk, for the files of loop devices. */
  readonly scratch: string;
  readonly registry?: string | undefined;
  readonly quick: boolean;
  readonly install: boolean;
  readonly record: boolean;
  readonly check: boolean;
}

export const USAGE = `npm run bench -- [options]

  --only JOB,...      Jobs whose name contains one of these words; --list names them
  --engines NAME,...  Compare with these of docker, podman, ctr, skopeo+umoci, crun, runc
  --rounds N          Rounds of every job, beside the first, which is not counted
  --quick             Fewer rounds and smaller numbers: a comparison in three minutes
  --registry HOST     Take the images from this registry (plain HTTP)
  --scratch DIR       Folder on a disk for the files of loop devices (default: /var/tmp)
  --install           Get the engines that are missing, and ISA-L, from Debian
  --record            Write table and plots to docs/ too
  --check             End with status 1 when a goal is missed
  --list              Print the names of the jobs`;

/** Reads the command line. Fails with a one-line Error. */
export function readOptions(
  args: readonly string[],
): Options & { readonly list: boolean; readonly help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      engines: { type: 'string' },
      rounds: { type: 'string' },
      scratch: { type: 'string', default: '/var/tmp' },
      registry: { type: 'string' },
      quick: { type: 'boolean', default: false },
      install: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const words = (text: string | undefined) => text?.split(',').filter(Boolean);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new Error(`--rounds ${values.rounds}: not a number of rounds, such as 15`);
  return { ...values, only: words(values.only), engines: words(values.engines), rounds };
}
