import { posix } from 'node:path';
import type { ContainerFiles } from './container-files';
import { type ElfFile, readElf } from './elf';
import { readLoaderCache } from './loader-cache';

/** A library that the dynamic loader will not find. */
export interface MissingLibrary {
  readonly name: string;
  /** Path of the program or library that needs it. */
  readonly neededBy: string;
}

/** More than any real program loads; files are hostile input. */
const MAX_OBJECTS = 256;

const MULTIARCH: Readonly<Record<number, string>> = {
  3: 'i386-linux-gnu',
  40: 'arm-linux-gnueabihf',
  62: 'x86_64-linux-gnu',
  183: 'aarch64-linux-gnu',
};

/**
 * Looks for a program's libraries, and for theirs, where its loader will (ld.so(8); musl: /etc/ld-musl-*.path). In doubt a
 * library counts as found.
 *
 * @param libraryPath LD_LIBRARY_PATH of the process
 */
export function missingLibraries(
  files: ContainerFiles,
  path: string,
  program: ElfFile,
  libraryPath: string,
): MissingLibrary[] {
  const { interpreter } = program;
  if (interpreter === undefined) return [];
  const search = searchOf(files, interpreter, program, libraryPath);
  // The loader is a library too, and musl's is the C library itself.
  const loaded = new Set([posix.basename(interpreter)]);
  const isBuiltIn = (name: string) => search.isMusl && /^(libc\.so|libc\.musl-)/.test(name);
  const missing: MissingLibrary[] = [];
  const pending: { readonly path: string; readonly elf: ElfFile }[] = [{ path, elf: program }];
  for (let object = pending.pop(); object !== undefined; object = pending.pop()) {
    const own = object.elf.searchPaths.map(folder => expandOrigin(folder, object?.path ?? path));
    for (const name of object.elf.needed) {
      if (loaded.has(name) || isBuiltIn(name) || loaded.size > MAX_OBJECTS) continue;
      loaded.add(name);
      const found = findLibrary(files, name, [...own, ...search.folders], search.cached(name), program);
      if (found === undefined) missing.push({ name, neededBy: object.path });
      else pending.push(found);
    }
  }
  return missing;
}

interface Search {
  readonly isMusl: boolean;
  readonly folders: readonly string[];
  readonly cached: (name: string) => readonly string[];
}

function searchOf(files: ContainerFiles, interpreter: string, program: ElfFile, libraryPath: string): Search {
  const asked = libraryPath.split(/[:;]/).filter(Boolean);
  const musl = /\/ld-musl-([^/]+)\.so\.1$/.exec(interpreter);
  if (musl !== null) {
    const list = files.read(`/etc/ld-musl-${musl[1]}.path`, readAt => readAt(0, 64 * 1024).toString());
    const folders = (list ?? '/lib:/usr/local/lib:/usr/lib').split(/[\n:]/).filter(Boolean);
    return { isMusl: true, folders: [...asked, ...folders], cached: () => [] };
  }
  const cache = readLoaderCache(files);
  const triplet = MULTIARCH[program.machine];
  const standard = ['/lib64', '/usr/lib64', '/lib', '/usr/lib'];
  const multiarch = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`];
  return {
    isMusl: false,
    folders: [...asked, ...standard, ...multiarch],
    cached: name => cache.get(name) ?? [],
  };
}

function findLibrary(
  files: ContainerFiles,
  name: string,
  folders: readonly string[],
  cached: readonly string[],
  program: ElfFile,
): { path: string; elf: ElfFile } | undefined {
  const paths = name.includes('/') ? [name] : [...folders.map(folder => posix.join(folder, name)), ...cached];
  for (const path of paths) {
    const elf = files.read(path, readElf);
    // One for another machine is passed over.
    if (elf !== undefined && elf.machine === program.machine && elf.bits === program.bits)
      return { path, elf };
  }
  return undefined;
}

function expandOrigin(folder: string, object: string): string {
  return folder.replace(/\$(ORIGIN\b|\{ORIGIN\})/g, () => posix.dirname(object));
}
