'use strict';
// Writes V8's code caches: what bin/tinyd loads when it had to compile something.
const fs = require('node:fs');
const path = require('node:path');
const { setFlagsFromString } = require('node:v8');

/** What takes back the flag that src/chunks/pull.ts may have set, and what that implied. */
const USUAL_FLAGS = ['--no-liftoff-only', '--wasm-tier-up', '--wasm-dynamic-tiering'];

/**
 * Writes a cache of each script into the first folder that takes it.
 *
 * @param fresh scripts with the name of their cache and of their file
 */
exports.write = (fresh, folders) => {
  // V8 believes a cache only if its flags are those with which it was written: those of a start.
  if (/^1[1-3]\./.test(process.versions.v8)) for (const flag of USUAL_FLAGS) setFlagsFromString(flag);
  for (const each of fresh) folders.some(folder => writeCache(each, folder));
};

/** Whole or absent, and on disk before it is named: a torn cache would crash the next start. */
function writeCache({ script, name, file }, folder) {
  const temporary = path.join(folder, `.${process.pid}.tmp`);
  try {
    // Not recursively: below /proc that tries for ever.
    for (const each of [path.dirname(folder), folder]) if (!fs.existsSync(each)) fs.mkdirSync(each, 0o755);
    const fd = fs.openSync(temporary, 'wx', 0o644);
    try {
      fs.writeSync(fd, script.createCachedData());
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(temporary, path.join(folder, name));
    removeStale(folder, file, name);
    return true;
  } catch {
    try {
      fs.unlinkSync(temporary);
    } catch {
      // It was never made.
    }
    return false;
  }
}

/** Caches of earlier bundles, which nothing will read again, and what killed writers left. */
function removeStale(folder, file, name) {
  const current = name.slice(0, file.length + 17);
  for (const other of fs.readdirSync(folder)) {
    const isOutdated = other.startsWith(`${file}-`) && !other.startsWith(current);
    const isAbandoned = /^\.\d+\.tmp$/.test(other) && !fs.existsSync(`/proc/${other.slice(1, -4)}`);
    if (isOutdated || isAbandoned) fs.rmSync(path.join(folder, other), { force: true });
  }
}
