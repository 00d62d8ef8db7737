import { PLOT_KINDS } from '../plot/plot-kind.ts';
import type { CommandTree, OptionLeaf } from './command-tree.ts';
import { SHELLS, type Shell } from './shells.ts';

/** Lines that a shell sources to complete verbs, options, their values, files and names of Experiments. */
export function completionScript(shell: Shell, tree: CommandTree): string {
  switch (shell) {
    case 'bash':
      return bashScript(tree);
    case 'zsh':
      // zsh reads bash's completions.
      return `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(tree)}`;
    case 'fish':
      return fishScript(tree);
  }
}

const SHELL_ARGUMENT: Readonly<Record<string, readonly string[]>> = {
  kind: PLOT_KINDS,
  shell: SHELLS,
};

/** Every verb with its path, such as `data push`. */
function verbsOf(tree: CommandTree): readonly (readonly [string, CommandTree])[] {
  return tree.verbs.flatMap((verb) => [
    [verb.name, verb] as const,
    ...verb.verbs.map((inner) => [`${verb.name} ${inner.name}`, inner] as const),
  ]);
}

function bashScript(tree: CommandTree): string {
  const verbs = verbsOf(tree);
  const groups = tree.verbs.filter((verb) => verb.verbs.length > 0);
  const inGroups = groups.map(({ name }) => `${name}) verb="$verb $word" ;;`).join(' ');
  const valued = verbs.flatMap(([path, { options }]) =>
    options.filter(({ takes }) => takes !== 'nothing').map((option) => patternOf(path, option)),
  );
  const values = verbs.flatMap(([path, verb]) =>
    verb.options.flatMap((option) => bashValues(path, option)),
  );
  return `_${tree.name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local verb="" place=() count=0 i word
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    case "$word" in
      --cluster) place+=("$word") ;;
      --context|--kubeconfig|--dir|-n|--namespace) place+=("$word" "\${COMP_WORDS[i+1]}"); ((i++)) ;;
      -*) case "$verb:$word" in ${valued.join('|')}) ((i++)) ;; esac ;;
      *) case "$verb" in "") verb="$word" ;; ${inGroups} *) ((count++)) ;; esac ;;
    esac
  done
  case "$verb:$prev" in
${values.join('\n')}
  esac
  case "$verb" in
    "") ${reply(tree.verbs.map(({ name }) => name))} ;;
${verbs.map(([path, verb]) => bashVerb(path, verb, tree.name)).join('\n')}
  esac
}
_${tree.name}_names() {
  COMPREPLY=($(compgen -W "$(${tree.name} list -o name "\${place[@]}" 2>/dev/null | sed 's|.*/||')" -- "$cur"))
}
complete -o filenames -F _${tree.name} ${tree.name}
`;
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$cur"))`;
}

const FILES_REPLY = 'COMPREPLY=($(compgen -f -- "$cur"))';

function patternOf(path: string, { flags }: OptionLeaf): string {
  return flags.map((flag) => `"${path}:${flag}"`).join('|');
}

function bashValues(path: string, option: OptionLeaf): readonly string[] {
  const { takes, choices } = option;
  if (takes === 'nothing') return [];
  // A value that nobody can guess is at least not taken for a name.
  const text = choices.length > 0 ? reply(choices) : takes === 'file' ? FILES_REPLY : ':';
  return [`    ${patternOf(path, option)}) ${text}; return ;;`];
}

function bashVerb(path: string, verb: CommandTree, program: string): string {
  const flags = verb.options.flatMap((option) => option.flags);
  const rest =
    verb.verbs.length > 0
      ? reply(verb.verbs.map(({ name }) => name))
      : bashArguments(verb.arguments, program);
  return `    "${path}") if [[ $cur == -* ]]; then ${reply(flags)}; else ${rest}; fi ;;`;
}

function bashArguments(names: readonly string[], program: string): string {
  const cases = names.map((name, at) => {
    // The last one may come again and again.
    const pattern = at === names.length - 1 && name.endsWith('s') ? '*' : String(at);
    return `${pattern}) ${bashArgument(name, program)} ;;`;
  });
  return cases.length === 0 ? ':' : `case $count in ${cases.join(' ')} esac`;
}

function bashArgument(name: string, program: string): string {
  const choices = SHELL_ARGUMENT[name];
  if (choices !== undefined) return reply(choices);
  return name === 'name' || name === 'names' ? `_${program}_names` : FILES_REPLY;
}

function fishScript(tree: CommandTree): string {
  const lines = [`complete -c ${tree.name} -f`];
  for (const { name, description } of tree.verbs) {
    lines.push(
      `complete -c ${tree.name} -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    );
  }
  for (const [path, verb] of verbsOf(tree)) {
    const seen = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
    const when = `-n ${quoted(seen.join('; and '))}`;
    for (const { name, description } of verb.verbs) {
      lines.push(`complete -c ${tree.name} ${when} -a ${name} -d ${quoted(description)}`);
    }
    for (const name of verb.arguments) {
      const values =
        SHELL_ARGUMENT[name]?.join(' ') ??
        (name === 'name' || name === 'names'
          ? `(${tree.name} list -o name 2>/dev/null | string replace -r '.*/' '')`
          : undefined);
      lines.push(
        values === undefined
          ? `complete -c ${tree.name} ${when} -F`
          : `complete -c ${tree.name} ${when} -a ${quoted(values)}`,
      );
    }
    for (const option of verb.options) lines.push(fishOption(tree.name, when, option));
  }
  return `${lines.join('\n')}\n`;
}

function fishOption(
  program: string,
  when: string,
  { flags, description, takes, choices }: OptionLeaf,
): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const value =
    choices.length > 0
      ? ` -x -a ${quoted(choices.join(' '))}`
      : { nothing: '', file: ' -r -F', text: ' -x' }[takes];
  return `complete -c ${program} ${when} ${names.join(' ')}${value} -d ${quoted(description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/(['\\])/g, '\\$1')}'`;
}
