import { TinydError } from '@tinyd/core';
import type { CommandClass } from '../command';

/** What the operands of a command are. */
type Operand = 'container' | 'image' | 'network' | 'volume' | 'none';

/** docker's objects: their verbs, and the command that each verb stands for. */
type Objects = Readonly<Record<string, Readonly<Record<string, string>>>>;

interface CompletedCommand {
  readonly name: string;
  /** All that can be typed for it: `ps`, `container ls`. */
  readonly forms: readonly string[];
  readonly summary: string;
  readonly operand: Operand;
  readonly flags: readonly {
    readonly name: string;
    readonly char: string | undefined;
    readonly takesValue: boolean;
    readonly description: string;
  }[];
}

/** The completion script for a shell, made from the commands themselves. Fails with ERR_TINYD_OPTION_INVALID. */
export function completionScript(shell: string, commands: readonly CommandClass[], objects: Objects): string {
  const completed = commands.map(command => describe(command, objects));
  if (shell === 'bash') return bashScript(completed, objects);
  if (shell === 'zsh') return zshScript(completed, objects);
  if (shell === 'fish') return fishScript(completed, objects);
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot complete for shell ${JSON.stringify(shell)}: want bash, zsh or fish`,
  );
}

const IMAGE_COMMANDS = new Set(['create', 'history', 'pull', 'rmi', 'run', 'save', 'tag']);
const PLAIN_COMMANDS = new Set([
  'boot',
  'completion',
  'events',
  'images',
  'import',
  'info',
  'load',
  'ps',
  'version',
]);

/** Verbs that no short command stands for, and that take a container. */
const CONTAINER_VERBS = new Set(['container exists', 'healthcheck run', 'port add', 'port rm']);

const VOLUME_COMMANDS = new Set(['volume export', 'volume import', 'volume inspect', 'volume rm']);

const NETWORK_COMMANDS = new Set([
  'network connect',
  'network disconnect',
  'network exists',
  'network inspect',
  'network rm',
]);

function describe(command: CommandClass, objects: Objects): CompletedCommand {
  const operand = operandOf(command.id);
  const flags = Object.entries({ ...command.flags, ...command.baseFlags }).map(([name, flag]) => ({
    name,
    char: flag.char,
    takesValue: flag.type === 'option',
    description: flag.description ?? '',
  }));
  const verbs = Object.entries(objects).flatMap(([object, names]) =>
    Object.keys(names)
      .filter(verb => names[verb] === command.id)
      .map(verb => `${object} ${verb}`),
  );
  const forms = [...new Set([command.id, ...verbs])];
  return { name: command.id, forms, summary: command.summary ?? '', operand, flags };
}

function operandOf(id: string): Operand {
  if (VOLUME_COMMANDS.has(id)) return 'volume';
  if (NETWORK_COMMANDS.has(id)) return 'network';
  if (CONTAINER_VERBS.has(id)) return 'container';
  if (PLAIN_COMMANDS.has(id) || id.includes(' ')) return 'none';
  return IMAGE_COMMANDS.has(id) ? 'image' : 'container';
}

/** Commands that print what an operand may be. */
const NAMES: Readonly<Record<Exclude<Operand, 'none'>, string>> = {
  container: "tinyd ps -a --format '{{.Names}}' 2>/dev/null",
  image: "tinyd images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null",
  network: "tinyd network ls --format '{{.Name}}' 2>/dev/null",
  volume: 'tinyd volume ls -q 2>/dev/null',
};

function bashScript(commands: readonly CompletedCommand[], objects: Objects): string {
  const cases = commands.map(({ forms, operand, flags }) => {
    const typed = flags.flatMap(flag => [
      `--${flag.name}`,
      ...(flag.char === undefined ? [] : [`-${flag.char}`]),
    ]);
    const operands = operand === 'none' ? '' : `operands=$(${NAMES[operand]})`;
    return `    ${forms.map(quote).join('|')}) flags=${quote(words(typed))}; ${operands} ;;`;
  });
  const nouns = Object.keys(objects);
  const verbs = nouns.map(noun => {
    const operand = ownOperand(commands, noun);
    const names = operand === 'none' ? '' : `" $(${NAMES[operand]})"`;
    return `    ${noun}) operands=${quote(words(Object.keys(objects[noun] ?? {})))}${names} ;;`;
  });
  const first = firstWords(commands, objects);
  return `_tinyd() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= flags= operands= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) continue ;; *) command="\${command:+$command }$word" ;; esac
    case $command in ${nouns.join('|')}) ;; *) break ;; esac
  done
  case $command in
    '') operands=${quote(words(['help', ...first]))}; flags='--root --state --registry-mirror --debug --help --version' ;;
    help) operands=${quote(words(first))} ;;
${[...verbs, ...cases].join('\n')}
  esac
  if [[ $current == -* ]]; then operands=$flags; fi
  COMPREPLY=($(compgen -W "$operands" -- "$current"))
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
}
complete -o default -F _tinyd tinyd
`;
}

function zshScript(commands: readonly CompletedCommand[], objects: Objects): string {
  const nouns = Object.keys(objects);
  const described = [
    ...commands.filter(({ name }) => !name.includes(' ')).map(({ name, summary }) => `${name}:${summary}`),
    ...nouns
      .filter(noun => !commands.some(({ name }) => name === noun))
      .map(noun => `${noun}:Verbs of ${noun}`),
  ];
  const list = described.map(each => `    ${quote(each)}`).join('\n');
  const verbs = nouns.map(noun => {
    const operand = ownOperand(commands, noun);
    const names = operand === 'none' ? '' : `; _tinyd_${operand}s`;
    return `      ${noun}) compadd -- ${words(Object.keys(objects[noun] ?? {}))}${names} ;;`;
  });
  const cases = commands.map(({ forms, operand, flags }) => {
    const specs = flags.flatMap(({ name: long, char, takesValue, description }) => {
      const shown = description.replace(/[[\]:]/g, ' ');
      const value = takesValue ? ':value:_files' : '';
      return [`--${long}${takesValue ? '=' : ''}`, ...(char === undefined ? [] : [`-${char}`])].map(flag =>
        quote(`*${flag}[${shown}]${value}`),
      );
    });
    const operands = operand === 'none' ? '' : ` '*:${operand}:_tinyd_${operand}s'`;
    return `    ${forms.map(quote).join('|')}) _arguments -s ${specs.join(' ')}${operands} ;;`;
  });
  return `#compdef tinyd
_tinyd_containers() { compadd -- \${(f)"$(${NAMES.container})"} }
_tinyd_images() { compadd -- \${(f)"$(${NAMES.image})"} }
_tinyd_networks() { compadd -- \${(f)"$(${NAMES.network})"} }
_tinyd_volumes() { compadd -- \${(f)"$(${NAMES.volume})"} }
_tinyd() {
  local -a commands=(
${list}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in ${nouns.join('|')})
    if (( CURRENT == 2 )); then
      case $command in
${verbs.join('\n')}
      esac
      return
    fi
    command="$command $words[2]"
    shift words
    (( CURRENT-- )) ;;
  esac
  case $command in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _tinyd ]; then _tinyd "$@"; else compdef _tinyd tinyd; fi
`;
}

function fishScript(commands: readonly CompletedCommand[], objects: Objects): string {
  const first = words(firstWords(commands, objects));
  const verbs = Object.entries(objects).map(([noun, names]) => {
    const list = words(Object.keys(names));
    const isNext = quote(`${SEEN} ${noun}; and not ${SEEN} ${list}`);
    return `complete -c tinyd -f -n ${isNext} -a ${quote(list)}`;
  });
  const nouns = Object.keys(objects).map(
    noun =>
      `complete -c tinyd -f -n ${quote(`not ${SEEN} ${first}`)} -a ${noun} -d ${quote(`Verbs of ${noun}`)}`,
  );
  const lines = commands.flatMap(({ name, forms, summary, operand, flags }) => {
    const typed = forms.map(form => {
      const [first = '', verb] = form.split(' ');
      const others = Object.keys(objects).filter(object => object !== first);
      const behind = verb === undefined ? `not ${SEEN} ${words(others)}` : `${SEEN} ${verb}`;
      return `begin; ${SEEN} ${first}; and ${behind}; end`;
    });
    const seen = quote(typed.join('; or '));
    const operands =
      operand === 'none' ? [] : [`complete -c tinyd -f -n ${seen} -a ${quote(`(${NAMES[operand]})`)}`];
    const isFirst = quote(`not ${SEEN} ${first}`);
    return [
      ...(name.includes(' ') ? [] : [`complete -c tinyd -f -n ${isFirst} -a ${name} -d ${quote(summary)}`]),
      ...operands,
      ...flags.map(flag => {
        const short = flag.char === undefined ? '' : ` -s ${flag.char}`;
        return `complete -c tinyd -n ${seen}${short} -l ${flag.name}${flag.takesValue ? ' -r' : ''} -d ${quote(flag.description)}`;
      }),
    ];
  });
  return `${[...lines, ...nouns, ...verbs].join('\n')}\n`;
}

/** fish's own test for a word among those typed. */
const SEEN = '__fish_seen_subcommand_from';

/** What may stand behind an object that is a command as well: `port web`, `port add web`. */
function ownOperand(commands: readonly CompletedCommand[], noun: string): Operand {
  return commands.find(({ name }) => name === noun)?.operand ?? 'none';
}

/** What may stand behind `tinyd`: commands of one word, and objects. */
function firstWords(commands: readonly CompletedCommand[], objects: Objects): string[] {
  const short = commands.map(({ name }) => name).filter(name => !name.includes(' '));
  return [...new Set([...short, ...Object.keys(objects)])];
}

function words(list: readonly string[]): string {
  return list.join(' ');
}

/** A word for any of the shells: in single quotes, a quote within closed, escaped and opened again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
