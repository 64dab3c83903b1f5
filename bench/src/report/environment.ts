import { readFileSync, statfsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import type { Found } from '../engines/find';
import { hasLibrary } from '../engines/surroundings';

const TMPFS_MAGIC = 0x01021994;

/** Ticks of all processors: all, and those that the hypervisor gave to others (proc_stat(5)). */
function ticks(): { readonly all: number; readonly stolen: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  const fields = line.split(/\s+/).slice(1, 9).map(Number);
  return { all: fields.reduce((sum, each) => sum + each, 0), stolen: fields[7] ?? 0 };
}

function load(): string {
  return readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? '';
}

/** What the numbers depend on, as far as the machine tells; `end` completes it. */
export class Surroundings {
  readonly #ticks = ticks();
  readonly #load = load();
  readonly #started = new Date();
  /** NODE_EXTRA_CA_CERTS as the caller had it. */
  readonly #extraCertificates: string | undefined;

  constructor(extraCertificates: string | undefined) {
    this.#extraCertificates = extraCertificates;
  }

  /** Lines for the head of the report. */
  end(found: Found, origin: string, disk: string): string[] {
    const { all, stolen } = ticks();
    const steal = (100 * (stolen - this.#ticks.stolen)) / Math.max(1, all - this.#ticks.all);
    const model = cpus()[0]?.model.trim() ?? 'unknown processor';
    const minutes = ((Date.now() - this.#started.getTime()) / 60_000).toFixed(1);
    const ca =
      this.#extraCertificates === undefined ? 'was not set' : 'was set, and unset for all that is measured';
    const below = statfsSync(disk).type === TMPFS_MAGIC ? 'tmpfs' : 'a disk';
    const busy =
      Number(this.#load) < 1
        ? []
        : ['other work was under way: times say little, ratios more, CPU times most'];
    return [
      ...busy,
      `${this.#started.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${minutes} minutes, load ${this.#load} at the start and ${load()} at the end, ${steal.toFixed(1)} % of the processors stolen`,
      `${cpus().length} × ${model}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}, Node ${process.versions.node}; NODE_EXTRA_CA_CERTS ${ca}`,
      `stores on tmpfs, or on fresh ext4 with a journal of 128 MiB in a loop file on ${below}; registry on loopback, plain HTTP; images ${origin}`,
      [...found.engines, ...found.runtimes].map(({ name, version }) => `${name} ${version}`).join(', '),
      `tinyd inflates by ${hasLibrary('libisal.so.2') ? 'ISA-L' : 'zlib: libisal.so.2 is not installed'}`,
    ];
  }
}
