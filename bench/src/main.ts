import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findImages } from './content/find-images';
import { cleanEnvironment } from './engines/surroundings';
import type { HandedIn } from './inside';
import { install } from './install';
import { CONTAINER_JOBS, STORE_JOBS } from './jobs/all';
import { readOptions, USAGE } from './options';
import { runIsolated } from './session/isolate';

const PREFIX = 'tinyd-bench-';

/** Removes what runs left that were killed: their names tell their processes. */
function removeStale(scratch: string): void {
  for (const name of readdirSync(scratch).filter(each => each.startsWith(PREFIX))) {
    const pid = name.slice(PREFIX.length).split('-')[0];
    if (!existsSync(`/proc/${pid}`)) rmSync(join(scratch, name), { recursive: true, force: true });
  }
}

/** Prepares outside, where the network is, and measures inside, where nothing else is. */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  if (options.list) {
    for (const { id, title } of [...CONTAINER_JOBS, ...STORE_JOBS]) console.log(`${id.padEnd(18)} ${title}`);
    return 0;
  }
  const env = cleanEnvironment();
  if (options.install) install(env);
  const images = await findImages(options.registry, env);
  mkdirSync(options.scratch, { recursive: true });
  removeStale(options.scratch);
  const disk = mkdtempSync(join(options.scratch, `${PREFIX}${process.pid}-`));
  const folder = join(disk, 'session');
  mkdirSync(folder);
  try {
    const handed: HandedIn = { ...images, disk, extraCertificates: process.env.NODE_EXTRA_CA_CERTS };
    writeFileSync(join(folder, 'handed-in.json'), JSON.stringify(handed));
    return await runIsolated(join(__dirname, 'inside.js'), args, folder);
  } finally {
    // Mounts on it were made in the namespace and went with it: what is deleted here are this process's own few files.
    rmSync(disk, { recursive: true, force: true });
  }
}

main().then(
  status => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 2;
  },
);
