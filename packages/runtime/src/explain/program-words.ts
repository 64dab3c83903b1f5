import type { Obstacle } from './explanation';
import { hostMachineName, machineName } from './machines';
import type { ProgramState } from './program';

/** What the words need to know beside the state of the program. */
export interface ProgramScene {
  readonly image: string;
  /** The mount that shows its own files at a path: `the bind mount of /srv`. */
  readonly mountAt: (path: string) => string | undefined;
}

/** Puts a program's state into words; undefined when nothing is wrong with it. */
export function programObstacle(state: ProgramState, scene: ProgramScene): Obstacle | undefined {
  switch (state.kind) {
    case 'fine':
      return undefined;
    case 'not-in-path':
      return notInPath(state.program, state.searched, scene);
    case 'missing':
      return missing(state, scene);
    case 'circle':
      return obstacle(`its program ${state.program} is behind links that go round in circles`, [
        'Program',
        `the circle is met at ${state.part}`,
      ]);
    case 'folder':
      return obstacle(
        `its program ${state.path} is a folder`,
        undefined,
        'name the program in it: flags of tinyd go before the image, the command comes after it',
      );
    case 'not-permitted':
      return obstacle(
        `its program ${state.path} may not be executed`,
        ['Permission', state.obstacle],
        'give it the permission in the image (COPY --chmod=755, chmod a+rx), or choose another --user',
      );
    case 'noexec':
      return obstacle(
        `its program ${state.path} lies where nothing may be executed`,
        ['Mount', state.mount],
        'mount it without noexec (--tmpfs PATH:exec), or put the program elsewhere',
      );
    case 'not-a-program':
      return notAProgram(state, scene);
    case 'wrong-machine':
      return wrongMachine(state.path, state.machine, scene);
    case 'no-interpreter':
      return state.of === 'script' ? noScriptInterpreter(state) : noLoader(state);
    case 'no-libraries':
      return obstacle(
        `its program ${state.path} needs ${state.missing.length === 1 ? 'a library that is' : 'libraries that are'} not there`,
        ['Missing', state.missing.map(({ name, neededBy }) => `${name} (for ${neededBy})`).join(', ')],
        'install what brings the library into the image, or name its folder in LD_LIBRARY_PATH',
      );
  }
}

type Of<K extends ProgramState['kind']> = Extract<ProgramState, { kind: K }>;

function obstacle(
  reason: string,
  fact: readonly [topic: string, text: string] | undefined,
  ...advice: readonly string[]
): Obstacle {
  return {
    reason,
    findings: fact === undefined ? [] : [{ topic: fact[0], text: fact[1] }],
    advice,
  };
}

function notInPath(program: string, searched: readonly string[], scene: ProgramScene): Obstacle {
  const reason = `its program ${JSON.stringify(program)} is in none of the folders of $PATH`;
  const fact = ['Searched', searched.filter(Boolean).join(', ') || '$PATH is empty'] as const;
  if (program.startsWith('-'))
    return obstacle(reason, fact, 'put flags of tinyd before the image: what comes after it is the command');
  if (/\s/.test(program))
    return obstacle(
      reason,
      fact,
      'leave the quotes out: they make one name of a whole command line; or use sh -c "…"',
    );
  return obstacle(
    reason,
    fact,
    `check the spelling, or give its full path: tinyd run --rm --entrypoint sh -it ${scene.image} shows what the image has`,
  );
}

function missing({ program, part, notFolder }: Of<'missing'>, scene: ProgramScene): Obstacle {
  const mount = scene.mountAt(part);
  const why = notFolder ? `${part} is no folder` : `${part} is not there`;
  return obstacle(
    `its program ${program} does not exist`,
    ['Program', mount === undefined ? why : `${why}: ${mount} hides what the image has in its place`],
    mount === undefined
      ? 'check the path, and that the image was built with it'
      : 'put the program into what is mounted, or mount it elsewhere',
  );
}

function notAProgram({ path, content }: Of<'not-a-program'>, { image }: ProgramScene): Obstacle {
  const pull = `pull or build the image for Linux: tinyd pull --platform linux/${hostMachineName()} ${image}`;
  switch (content) {
    case 'nothing':
      return obstacle(`its program ${path} is empty`, undefined, 'build the image again');
    case 'text':
      return obstacle(
        `its program ${path} is a text without a first line that names its interpreter`,
        undefined,
        'begin it with #!/bin/sh, or run it by its interpreter: --entrypoint sh',
      );
    case 'marked-text':
      return obstacle(
        `its program ${path} has a byte order mark before the #! of its first line`,
        undefined,
        `save it as UTF-8 without the mark: sed -i '1s/^\\xef\\xbb\\xbf//' ${path}`,
      );
    case 'cut-elf':
      return obstacle(
        `its program ${path} is damaged: its header is not whole`,
        undefined,
        'build it again, and look whether its copy is complete',
      );
    case 'windows':
      return obstacle(`its program ${path} is for Windows`, undefined, pull);
    case 'macos':
      return obstacle(`its program ${path} is for macOS`, undefined, pull);
    case 'unknown':
      return obstacle(`its program ${path} is in no format that this host executes`, undefined);
  }
}

function wrongMachine(path: string, machine: number, { image }: ProgramScene): Obstacle {
  const [program, host] = [machineName(machine), hostMachineName()];
  return obstacle(
    `its program ${path} is for ${program}, and this host is ${host}`,
    undefined,
    `pull the image for this host: tinyd pull --platform linux/${host} ${image}`,
    `or register an emulator for ${program} (qemu-user-static) on the host`,
  );
}

function noScriptInterpreter({ path, interpreter, carriageReturn }: Of<'no-interpreter'>): Obstacle {
  if (carriageReturn)
    return obstacle(
      `its program ${path} is a script with the line ends of Windows`,
      ['Interpreter', `the first line asks for ${JSON.stringify(`${interpreter}\r`)}`],
      `convert it before the image is built: sed -i 's/\\r$//' ${path}`,
    );
  return obstacle(
    `its program ${path} is a script for ${interpreter}, which is not there`,
    undefined,
    `install ${interpreter} in the image, or begin the script with an interpreter that it has`,
  );
}

function noLoader({ path, interpreter, otherLoader }: Of<'no-interpreter'>): Obstacle {
  const library = (loader: string) => (loader.includes('ld-musl') ? 'musl' : 'glibc');
  const built = `its program ${path} needs the loader ${interpreter}, which is not there`;
  if (otherLoader !== undefined && library(otherLoader) !== library(interpreter))
    return obstacle(
      built,
      [
        'Libraries',
        `the program was built for ${library(interpreter)}, and the image is of ${library(otherLoader)} (${otherLoader})`,
      ],
      `build it for ${library(otherLoader)} or as a static program, or use an image of ${library(interpreter)}`,
    );
  return obstacle(
    built,
    undefined,
    'build it as a static program (CGO_ENABLED=0, -static), or use an image with a C library',
  );
}
