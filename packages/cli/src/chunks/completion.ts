import { TinydError } from '@tinyd/core';
import type { CommandClass } from '../command';

/** What the operands of a command are. */
type Operand = 'container' | 'image' | 'none';

interface CompletedCommand {
  readonly name: string;
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
export function completionScript(shell: string, commands: readonly CommandClass[]): string {
  const completed = commands.map(describe);
  if (shell === 'bash') return bashScript(completed);
  if (shell === 'zsh') return zshScript(completed);
  if (shell === 'fish') return fishScript(completed);
  throw new TinydError(
    'ERR_TINYD_OPTION_INVALID',
    `cannot complete for shell ${JSON.stringify(shell)}: want bash, zsh or fish`,
  );
}

const IMAGE_COMMANDS = new Set(['create', 'history', 'pull', 'rmi', 'run', 'tag']);
const PLAIN_COMMANDS = new Set(['completion', 'images', 'info', 'ps', 'version']);

function describe(command: CommandClass): CompletedCommand {
  const operand = PLAIN_COMMANDS.has(command.id)
    ? 'none'
    : IMAGE_COMMANDS.has(command.id)
      ? 'image'
      : 'container';
  const flags = Object.entries({ ...command.flags, ...command.baseFlags }).map(([name, flag]) => ({
    name,
    char: flag.char,
    takesValue: flag.type === 'option',
    description: flag.description ?? '',
  }));
  return { name: command.id, summary: command.summary ?? '', operand, flags };
}

const CONTAINERS = "tinyd ps -a --format '{{.Names}}' 2>/dev/null";
const IMAGES = "tinyd images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null";

function bashScript(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, operand, flags }) => {
    const words = flags.flatMap(flag => [
      `--${flag.name}`,
      ...(flag.char === undefined ? [] : [`-${flag.char}`]),
    ]);
    const operands = operand === 'none' ? '' : `operands=$(${operand === 'image' ? IMAGES : CONTAINERS})`;
    return `    ${name}) flags=${quote(words.join(' '))}; ${operands} ;;`;
  });
  return `_tinyd() {
  local current=\${COMP_WORDS[COMP_CWORD]} command= flags= operands= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  case $command in
    '') operands=${quote(['help', ...commands.map(({ name }) => name)].join(' '))}; flags='--root --state --registry-mirror --debug --help --version' ;;
    help) operands=${quote(commands.map(({ name }) => name).join(' '))} ;;
${cases.join('\n')}
  esac
  if [[ $current == -* ]]; then operands=$flags; fi
  COMPREPLY=($(compgen -W "$operands" -- "$current"))
  if declare -F __ltrim_colon_completions >/dev/null; then __ltrim_colon_completions "$current"; fi
}
complete -o default -F _tinyd tinyd
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n');
  const cases = commands.map(({ name, operand, flags }) => {
    const specs = flags.flatMap(({ name: long, char, takesValue, description }) => {
      const shown = description.replace(/[[\]:]/g, ' ');
      const value = takesValue ? ':value:_files' : '';
      return [`--${long}${takesValue ? '=' : ''}`, ...(char === undefined ? [] : [`-${char}`])].map(flag =>
        quote(`*${flag}[${shown}]${value}`),
      );
    });
    const operands = operand === 'none' ? '' : ` '*:${operand}:_tinyd_${operand}s'`;
    return `    ${name}) _arguments -s ${specs.join(' ')}${operands} ;;`;
  });
  return `#compdef tinyd
_tinyd_containers() { compadd -- \${(f)"$(${CONTAINERS})"} }
_tinyd_images() { compadd -- \${(f)"$(${IMAGES})"} }
_tinyd() {
  local -a commands=(
${list}
  )
  if (( CURRENT == 2 )); then _describe command commands; return; fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _tinyd ]; then _tinyd "$@"; else compdef _tinyd tinyd; fi
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  const lines = commands.flatMap(({ name, summary, operand, flags }) => {
    const seen = quote(`__fish_seen_subcommand_from ${name}`);
    const operands =
      operand === 'none'
        ? []
        : [`complete -c tinyd -f -n ${seen} -a ${quote(`(${operand === 'image' ? IMAGES : CONTAINERS})`)}`];
    return [
      `complete -c tinyd -f -n ${quote(`not __fish_seen_subcommand_from ${names}`)} -a ${name} -d ${quote(summary)}`,
      ...operands,
      ...flags.map(flag => {
        const short = flag.char === undefined ? '' : ` -s ${flag.char}`;
        return `complete -c tinyd -n ${seen}${short} -l ${flag.name}${flag.takesValue ? ' -r' : ''} -d ${quote(flag.description)}`;
      }),
    ];
  });
  return `${lines.join('\n')}\n`;
}

/** A word for any of the shells: in single quotes, a quote within closed, escaped and opened again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
