// Completion scripts for shells, written from the program's own definition. They are static: no process starts at TAB.
import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** The script that completes `program` in `shell`: commands, options, their known values, files and folders. */
export const completionScript = (program: Command, shell: Shell): string => `${scripts[shell](describe(program))}\n`;

/** What can stand in a place: paths, or these words, or what nobody can know (no words). */
type Offer = 'files' | 'folders' | readonly string[];

interface Switch {
  readonly short?: string | undefined;
  readonly long: string;
  readonly text: string;
  readonly repeatable: boolean;
  readonly value?: { readonly name: string; readonly optional: boolean; readonly offer: Offer };
}

interface Verb {
  readonly name: string;
  readonly text: string;
  readonly switches: readonly Switch[];
  readonly argument?: { readonly name: string; readonly words: readonly string[] };
}

interface Described {
  readonly verbs: readonly Verb[];
  /** The options of every command. */
  readonly switches: readonly Switch[];
}

function describe(program: Command): Described {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  const switches = help.visibleOptions(program).map(switchOf);
  const names = commands.map((command) => command.name());
  const verbs = commands.map((command): Verb => {
    const [argument] = command.registeredArguments;
    const own = help.visibleOptions(command).map(switchOf);
    return {
      name: command.name(),
      text: command.summary() || command.description(),
      switches: own.filter(({ long }) => !switches.some((each) => each.long === long)),
      ...(argument && {
        argument: { name: argument.name(), words: argument.argChoices ?? (argument.name() === 'COMMAND' ? names : []) },
      }),
    };
  });
  return { verbs, switches };
}

function switchOf({ short, long, flags, description, optional, required, variadic, ...rest }: Option): Switch {
  const name = /[<[](.*?)(?:\.\.\.)?[>\]]$/.exec(flags)?.[1] ?? '';
  const offer = rest.argChoices ?? ({ FILE: 'files', DIR: 'folders' } as const)[name] ?? [];
  return {
    short,
    long: long ?? '',
    text: description,
    // One with a parser of its own collects what is given.
    repeatable: variadic || rest.parseArg !== undefined,
    ...((required || optional) && { value: { name, optional: optional && !required, offer } }),
  };
}

const namesOf = ({ short, long }: Switch): string[] => [...(short === undefined ? [] : [short]), long];
const written = (shell: Shell): string =>
  `# Completes amelia-db in ${shell}. Written by \`amelia-db completion ${shell}\`.`;

const scripts: Record<Shell, (described: Described) => string> = {
  // Also for the bash 3.2 of macOS; without the package bash-completion.
  bash: ({ verbs, switches }) => `${written('bash')}
_amelia_db() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command='' i line
  local words='${verbs.map(({ name }) => name).join(' ')}'
  local options='${switches.flatMap(namesOf).join(' ')}'
  local from=()
  COMPREPLY=()

  # bash makes three words of --option=value.
  if [ "$word" = '=' ]; then
    word=''
  elif [ "$before" = '=' ]; then
    before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
      ${switches
        .filter(({ value }) => value)
        .flatMap(namesOf)
        .join(' | ')})
        i=$((i + 1))
        if [ "\${COMP_WORDS[i]}" = '=' ]; then i=$((i + 1)); fi
        ;;
      ${verbs.map(({ name }) => name).join(' | ')})
        command=\${COMP_WORDS[i]}
        break
        ;;
    esac
  done

  case $command in
${verbs.map(bashVerb).join('\n')}
  esac

  case "$command $before" in
${bashValues({ verbs, switches })}
  esac

  if [ \${#from[@]} -eq 0 ]; then
    case $word in
      -*) from=(-W "$options") ;;
      *) from=(-W "$words") ;;
    esac
  fi
  if [ "\${from[0]}" != -W ]; then compopt -o filenames 2>/dev/null; fi
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(compgen "\${from[@]}" -- "$word")
}
complete -F _amelia_db amelia-db`,

  // To be sourced after compinit, or a file _amelia-db in $fpath.
  zsh: ({ verbs, switches }) => `#compdef amelia-db
${written('zsh')}
_amelia-db() {
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a common commands
  common=(
${switches.flatMap(zshSpecs).map(indented(4)).join('\n')}
  )
  commands=(
${verbs.map(({ name, text }) => `    ${quoted(`${name}:${text}`)}`).join('\n')}
  )
  _arguments -C $common '1:COMMAND:->command' '*::ARGUMENT:->argument' && ret=0
  case $state in
    command) _describe -t commands COMMAND commands && ret=0 ;;
    argument)
      case $words[1] in
${verbs.map(zshVerb).join('\n')}
      esac
      ;;
  esac
  return ret
}
compdef _amelia-db amelia-db
# As a file in $fpath it is the function's own first call.
if [[ $funcstack[1] == _amelia-db ]]; then _amelia-db "$@"; fi`,

  fish: ({ verbs, switches }) => {
    const anyVerb = `__fish_seen_subcommand_from ${verbs.map(({ name }) => name).join(' ')}`;
    return [
      written('fish'),
      'complete -c amelia-db -f',
      ...switches.map((each) => fishSwitch('', each)),
      ...verbs.flatMap(({ name, text, switches: own, argument }) => {
        const seen = ` -n '__fish_seen_subcommand_from ${name}'`;
        return [
          `complete -c amelia-db -n 'not ${anyVerb}' -a ${name} -d ${fishQuoted(text)}`,
          ...own.map((each) => fishSwitch(seen, each)),
          ...(argument?.words.length ? [`complete -c amelia-db${seen} -a '${argument.words.join(' ')}'`] : []),
        ];
      }),
    ].join('\n');
  },
};

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
const indented =
  (by: number) =>
  (line: string): string =>
    ' '.repeat(by) + line;

function bashVerb({ name, switches, argument }: Verb): string {
  const own = switches.flatMap(namesOf);
  return [
    `    ${name})`,
    ...(own.length === 0 ? [] : [`      options='${own.join(' ')} '$options`]),
    `      words=${argument === undefined ? '$options' : `'${argument.words.join(' ')}'`}`,
    '      ;;',
  ].join('\n');
}

/** A branch for each offer, with the options that have it. */
function bashValues({ verbs, switches }: Described): string {
  const branches = new Map<string, string[]>();
  const add = (command: string, each: Switch): void => {
    if (each.value === undefined) return;
    const { offer, optional } = each.value;
    const from = `from=(${offer === 'files' ? '-f' : offer === 'folders' ? '-d' : `-W '${offer.join(' ')}'`})`;
    const branch = optional ? `if [ "\${word#-}" = "$word" ]; then ${from}; fi` : from;
    const names = namesOf(each).map((name) => (command === '' ? `*' ${name}'` : `'${command} ${name}'`));
    branches.set(branch, [...(branches.get(branch) ?? []), ...names]);
  };
  for (const each of switches) add('', each);
  for (const verb of verbs) for (const each of verb.switches) add(verb.name, each);
  return [...branches].map(([branch, names]) => `    ${names.join(' | ')})\n      ${branch}\n      ;;`).join('\n');
}

function zshSpecs({ short, long, text, repeatable, value }: Switch): string[] {
  const explained = `[${text.replace(/[[\]\\]/g, '\\$&')}]`;
  const exclusive = repeatable ? '*' : short === undefined ? '' : `(${short} ${long})`;
  const then = value
    ? `${value.optional ? '::' : ':'}${value.name.replaceAll(':', '\\:')}:${zshAction(value.offer)}`
    : '';
  return [
    ...(short === undefined ? [] : [quoted(`${exclusive}${short}${value ? '+' : ''}${explained}${then}`)]),
    quoted(`${exclusive}${long}${value ? '=' : ''}${explained}${then}`),
  ];
}

function zshAction(offer: Offer): string {
  if (offer === 'files') return '_files';
  if (offer === 'folders') return '_files -/';
  return offer.length === 0 ? '' : `(${offer.join(' ')})`;
}

function zshVerb({ name, switches, argument }: Verb): string {
  const specs = [
    ...switches.flatMap(zshSpecs),
    ...(argument === undefined ? [] : [quoted(`1:${argument.name}:${zshAction(argument.words)}`)]),
  ];
  return [
    `        ${name})`,
    ['          _arguments $common', ...specs.map(indented(12))].join(' \\\n') + ' && ret=0',
    '          ;;',
  ].join('\n');
}

const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

function fishSwitch(condition: string, { short, long, text, value }: Switch): string {
  const names = `${short === undefined ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  return `complete -c amelia-db${condition}${names}${value ? fishOffer(value.offer) : ''} -d ${fishQuoted(text)}`;
}

function fishOffer(offer: Offer): string {
  if (offer === 'files') return ' -r -F';
  if (offer === 'folders') return " -x -a '(__fish_complete_directories)'";
  return offer.length === 0 ? ' -x' : ` -x -a ${fishQuoted(offer.join(' '))}`;
}
