'use strict';
// Runs the bundle from V8's code cache: compiling it anew would take as long as all the rest of a start.
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

/** Code is mapped, not read and copied to V8's heap: fresh pages cost a start more than all that is done with them. */
const native = require(path.join(__dirname, '../../../../native/build/Release/tinyd_sys.node'));
const uid = process.geteuid();
const command = commandWord(process.argv.slice(2));
/**
 * A pull parses HTTP in WebAssembly, which V8 would compile twice, the second time by its optimizing compiler: 60 ms
 * of processor time that the little it has to parse never pays back. The flag is part of what a code cache is
 * checked against, so it is set before anything is loaded, and caches are kept apart by it.
 */
const isPull = command === 'pull' && /^1[1-3]\./.test(process.versions.v8);
if (isPull) require('node:v8').setFlagsFromString('--liftoff-only');

/** Scripts of this run that had no usable cache. */
const fresh = [];

/** The first word that is neither an option nor an option's value; the bundle reads the line properly. */
function commandWord([word, ...rest]) {
  if (word === undefined) return '';
  if (/^--(root|state|registry-mirror)$/.test(word)) return commandWord(rest.slice(1));
  return word.startsWith('-') ? commandWord(rest) : word;
}

/** Where caches may lie: beside the bundle, else in the user's own cache folder (not in another's, as under sudo). */
function* cacheFolders() {
  yield path.join(__dirname, 'cache');
  const base = process.env.XDG_CACHE_HOME || process.env.HOME;
  if (!base?.startsWith('/') || fs.statSync(base, { throwIfNoEntry: false })?.uid !== uid) return;
  yield path.join(base, ...(process.env.XDG_CACHE_HOME ? [] : ['.cache']), 'tinyd');
}

/** Cached code is executed: only a file that nobody but root and this user could have written is believed. */
function readCache(name) {
  for (const folder of cacheFolders()) {
    let fd;
    try {
      fd = fs.openSync(path.join(folder, name), fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
      const stat = fs.fstatSync(fd);
      if ((stat.uid === uid || stat.uid === 0) && (stat.mode & 0o022) === 0 && stat.isFile()) {
        return native.mapBytes(fd);
      }
    } catch {
      // No cache there.
    } finally {
      if (fd !== undefined) fs.closeSync(fd);
    }
  }
  return undefined;
}

function load(file, variant) {
  const filename = path.join(__dirname, file);
  const fd = fs.openSync(filename);
  // Nothing but ASCII is in it. It stays mapped: builds replace the file and never change it.
  const source = native.mapText(fd);
  fs.closeSync(fd);
  // The first line is a comment that holds the bundle's own hash.
  const hash = source.slice(2, 18);
  const name = `${file}-${hash}-${process.version}-${process.arch}-${variant}`;
  const cachedData = readCache(name);
  const script = new vm.Script(source, { filename, ...(cachedData && { cachedData }) });
  if (cachedData === undefined || script.cachedDataRejected) fresh.push({ script, name, file });
  const module = { exports: {} };
  script.runInThisContext()(requireFrom, module, module.exports, __dirname, filename);
  return module.exports;
}

const chunks = new Map();
function requireFrom(id) {
  if (!id.startsWith('./chunk-')) return require(id);
  if (!chunks.has(id)) chunks.set(id, load(id.slice(2), isPull ? 'pulling' : 'chunk'));
  return chunks.get(id);
}

/** Whole or absent, and on disk before it is named: a torn cache would crash the next start. */
function writeCache({ script, name, file }) {
  const data = script.createCachedData();
  for (const folder of cacheFolders()) {
    const temporary = path.join(folder, `.${process.pid}.tmp`);
    try {
      fs.mkdirSync(folder, { recursive: true, mode: 0o755 });
      const fd = fs.openSync(temporary, 'wx', 0o644);
      try {
        fs.writeSync(fd, data);
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
      fs.renameSync(temporary, path.join(folder, name));
      removeStale(folder, file, name);
      return;
    } catch {
      try {
        fs.unlinkSync(temporary);
      } catch {
        // It was never made.
      }
    }
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

// One cache a command, so that each holds just the functions that the command runs.
const { main } = load('tinyd.js', /^[a-z]{1,16}$/.test(command) ? command : 'main');
const writeCaches = () => fresh.splice(0).forEach(writeCache);
main(process.argv.slice(2), writeCaches).then(
  ran => {
    // A word that is no command gets no cache of its own.
    if (ran === command || /^(container|help|image|network|system|volume)?$/.test(command))
      process.on('exit', writeCaches);
    // What is asked for by options of node, a profile or coverage, is written at an orderly end.
    if (process.execArgv.length === 0 && !process.env.NODE_OPTIONS && !process.env.NODE_V8_COVERAGE)
      process.on('exit', native.endProcess);
    // All output is written by now. A turn of the event loop would only collect garbage that ends with the process.
    if (process.getActiveResourcesInfo().length === 0) process.exit();
  },
  error => {
    // main reports failures itself: this one is a failure of the reporting.
    fs.writeSync(
      2,
      `tinyd: ${process.env.TINYD_DEBUG === '1' ? error.stack : error.message} (ERR_TINYD_INTERNAL)\n`,
    );
    process.exitCode = 1;
  },
);
