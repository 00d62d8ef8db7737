import type { Command, Option } from 'commander';

/** What a shell needs to know of a command line. */
export interface CommandTree {
  readonly name: string;
  readonly description: string;
  /** Of its arguments, such as `name` or `folder`. */
  readonly arguments: readonly string[];
  readonly options: readonly OptionLeaf[];
  readonly verbs: readonly CommandTree[];
}

export interface OptionLeaf {
  /** `-f`, `--file`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takes: 'nothing' | 'file' | 'text';
  readonly choices: readonly string[];
}

const FILES = /<(file|folder|path)/;

/** Reads what commander knows, so that completion cannot differ from the program. */
export function commandTree(command: Command): CommandTree {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map((argument) => argument.name()),
    options: help.visibleOptions(command).map(leafOf),
    verbs: help.visibleCommands(command).map(commandTree),
  };
}

function leafOf({ short, long, flags, description, argChoices }: Option): OptionLeaf {
  const takesValue = /[<[]/.test(flags);
  return {
    flags: [short, long].filter((flag) => flag != null),
    description,
    takes: !takesValue ? 'nothing' : FILES.test(flags) ? 'file' : 'text',
    choices: argChoices ?? [],
  };
}
