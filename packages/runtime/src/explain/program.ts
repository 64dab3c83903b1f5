import { posix } from 'node:path';
import type { ContainerFiles, Walk } from './container-files';
import { type ElfFile, readElf } from './elf';
import { type MissingLibrary, missingLibraries } from './libraries';
import { runsHere } from './machines';
import { mayExecute, type Person } from './permission';

/** What is known of a container's process before it runs. */
export interface ProgramQuestion {
  /** What to execute: a path, or a name to look up. */
  readonly program: string;
  /** PATH and LD_LIBRARY_PATH of its environment. */
  readonly searchPath: string;
  readonly libraryPath: string;
  readonly workingDir: string;
  readonly person: Person;
  /** Whether a path is on a mount that is empty at every start, whatever the image has there. */
  readonly startsEmpty: (path: string) => boolean;
  /** The mount that forbids execution at a path; undefined: none does. */
  readonly noexecMount: (path: string) => string | undefined;
}

/** What would become of executing a program. Paths are the container's, without links. */
export type ProgramState =
  | { readonly kind: 'fine'; readonly path: string; readonly what: string }
  | { readonly kind: 'not-in-path'; readonly program: string; readonly searched: readonly string[] }
  | { readonly kind: 'missing'; readonly program: string; readonly part: string; readonly notFolder: boolean }
  | { readonly kind: 'circle'; readonly program: string; readonly part: string }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'not-permitted'; readonly path: string; readonly obstacle: string }
  | { readonly kind: 'noexec'; readonly path: string; readonly mount: string }
  | { readonly kind: 'not-a-program'; readonly path: string; readonly content: Content }
  | { readonly kind: 'wrong-machine'; readonly path: string; readonly machine: number }
  | {
      readonly kind: 'no-interpreter';
      readonly path: string;
      /** As the script's first line, or the program's headers, name it. */
      readonly interpreter: string;
      readonly of: 'script' | 'program';
      /** The line ends like on Windows: the carriage return counts as a part of the name. */
      readonly carriageReturn: boolean;
      /** The loader of another C library that is there instead. */
      readonly otherLoader?: string;
    }
  | { readonly kind: 'no-libraries'; readonly path: string; readonly missing: readonly MissingLibrary[] };

/** What a file holds that the kernel executes nowhere on Linux. */
export type Content = 'nothing' | 'text' | 'marked-text' | 'cut-elf' | 'windows' | 'macos' | 'unknown';

/** As deep as the kernel lets scripts be interpreted by scripts. */
const MAX_SCRIPTS = 4;

/** Tells whether a program can be executed, and what stands in the way, by looking at it. Nothing is executed. */
export function examineProgram(files: ContainerFiles, question: ProgramQuestion): ProgramState {
  const { program } = question;
  if (program.includes('/')) return examinePath(files, question, program, 0);
  return examineName(files, question, program, 0);
}

/** Looks a name up in PATH. What is there and cannot be executed is passed over, as at a start. */
function examineName(
  files: ContainerFiles,
  question: ProgramQuestion,
  name: string,
  scripts: number,
): ProgramState {
  let passedOver: ProgramState | undefined;
  const searched = question.searchPath.split(':');
  for (const folder of name === '' ? [] : searched) {
    const path = `${folder === '' ? '.' : folder}/${name}`;
    const state = examinePath(files, question, path, scripts);
    if (state.kind === 'not-permitted') passedOver ??= state;
    else if (state.kind !== 'missing' && state.kind !== 'folder') return state;
  }
  return passedOver ?? { kind: 'not-in-path', program: name, searched };
}

function examinePath(
  files: ContainerFiles,
  question: ProgramQuestion,
  program: string,
  scripts: number,
): ProgramState {
  const walk = files.walk(posix.resolve(question.workingDir, program));
  if (walk.kind === 'missing')
    return { kind: 'missing', program, part: walk.path, notFolder: walk.notFolder };
  if (walk.kind === 'found' && question.startsEmpty(walk.path))
    return { kind: 'missing', program, part: walk.path, notFolder: false };
  if (walk.kind === 'circle') return { kind: 'circle', program, part: walk.path };
  return examineFile(files, question, walk, scripts);
}

function examineFile(
  files: ContainerFiles,
  question: ProgramQuestion,
  walk: Extract<Walk, { kind: 'found' }>,
  scripts: number,
): ProgramState {
  const {
    path,
    access: { stats },
  } = walk;
  if (stats.isDirectory()) return { kind: 'folder', path };
  const obstacle = mayExecute(question.person, walk);
  if (obstacle !== undefined) return { kind: 'not-permitted', path, obstacle };
  const mount = question.noexecMount(path);
  if (mount !== undefined) return { kind: 'noexec', path, mount };
  const elf = files.read(path, readElf);
  if (elf !== undefined) return examineElf(files, question, path, elf);
  const head = files.read(path, readAt => readAt(0, 256)) ?? Buffer.alloc(0);
  const script = /^#![ \t]*([^ \t\n\0]+)[ \t]*([^\n\0]*)/.exec(head.toString('latin1'));
  if (script === null || scripts >= MAX_SCRIPTS)
    return { kind: 'not-a-program', path, content: contentOf(head) };
  return examineScript(files, question, path, [script[1] ?? '', script[2] ?? ''], scripts);
}

const MACH_O = ['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe'];

function contentOf(head: Buffer): Content {
  const magic = head.toString('latin1', 0, 5);
  if (head.length === 0) return 'nothing';
  if (magic.startsWith('\x7fELF')) return 'cut-elf';
  if (magic.startsWith('MZ')) return 'windows';
  if (MACH_O.includes(head.toString('hex', 0, 4))) return 'macos';
  // The byte order mark that some editors put before UTF-8.
  if (magic === '\xef\xbb\xbf#!') return 'marked-text';
  return head.includes(0) ? 'unknown' : 'text';
}

function examineScript(
  files: ContainerFiles,
  question: ProgramQuestion,
  path: string,
  [interpreter, rest]: readonly [string, string],
  scripts: number,
): ProgramState {
  const named = interpreter.replace(/\r$/, '');
  const carriageReturn = named !== interpreter || (rest.endsWith('\r') && posix.basename(named) === 'env');
  const missing = { kind: 'no-interpreter', path, of: 'script', carriageReturn } as const;
  const state = examinePath(files, question, interpreter, scripts + 1);
  if (state.kind === 'missing') return { ...missing, interpreter: named };
  if (state.kind !== 'fine') return state;
  // `#!/usr/bin/env python3`: what env will look for.
  const wanted = /^(?:-S[ \t]*)?([^ \t=-][^ \t=]*)/.exec(rest.trim())?.[1];
  if (posix.basename(named) !== 'env' || wanted === undefined)
    return { kind: 'fine', path, what: `a script for ${named}` };
  const found = examineName(files, question, `${wanted}${carriageReturn ? '\r' : ''}`, scripts + 1);
  if (found.kind === 'not-in-path') return { ...missing, interpreter: wanted };
  return found.kind === 'fine' ? { kind: 'fine', path, what: `a script for ${wanted}` } : found;
}

function examineElf(
  files: ContainerFiles,
  question: ProgramQuestion,
  path: string,
  elf: ElfFile,
): ProgramState {
  if (!runsHere(elf.machine)) return { kind: 'wrong-machine', path, machine: elf.machine };
  const { interpreter } = elf;
  if (interpreter === undefined) return { kind: 'fine', path, what: 'a static program' };
  const loader = files.walk(interpreter);
  if (loader.kind !== 'found') {
    const otherLoader = findOtherLoader(files, interpreter);
    const missing = { kind: 'no-interpreter', path, of: 'program', interpreter } as const;
    return { ...missing, carriageReturn: false, ...(otherLoader === undefined ? {} : { otherLoader }) };
  }
  const missing = missingLibraries(files, path, elf, question.libraryPath);
  if (missing.length > 0) return { kind: 'no-libraries', path, missing };
  return { kind: 'fine', path, what: 'a program with all its libraries' };
}

const LOADERS = [
  '/lib/ld-musl-x86_64.so.1',
  '/lib/ld-musl-aarch64.so.1',
  '/lib64/ld-linux-x86-64.so.2',
  '/lib/ld-linux-aarch64.so.1',
];

function findOtherLoader(files: ContainerFiles, than: string): string | undefined {
  return LOADERS.find(path => path !== than && files.walk(path).kind === 'found');
}
