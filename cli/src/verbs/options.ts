import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { UnknownChoice } from '../failure.ts';
import { FORMATS } from '../output.ts';

/** Options that every verb on the folder has. */
export function withLocation(command: Command): Command {
  return command
    .option(
      '--dir <folder>',
      'folder of objects and artifacts (default: $ESPALIER_DIR or ./.espalier)',
      notEmpty,
    )
    .option(
      '-n, --namespace <name>',
      'namespace (default: that of the context, or "default")',
      namespaceName,
    );
}

/** Where a verb looks that works on both places: the folder, unless a cluster is named. */
export function withPlace(command: Command): Command {
  withCluster(withLocation(command));
  // What is deleted or stopped must not depend on which of the two is looked at first.
  const dir = command.options.find(({ long }) => long === '--dir');
  dir?.conflicts(['cluster', 'kubeconfig', 'context']);
  return command;
}

export function withOutput(command: Command): Command {
  return command
    .addOption(oneOf(new Option('-o, --output <format>', 'how to print'), FORMATS))
    .option('--json', 'print one JSON document, as -o json');
}

/** For verbs whose objects can be watched. */
export function withWatch(command: Command): Command {
  return command.option('-w, --watch', 'go on: a JSON line for each object and each change of it');
}

/** Options of verbs that can look at a cluster; none of them means the folder. */
export function withCluster(command: Command): Command {
  return command
    .option('--cluster', 'look at the cluster of $KUBECONFIG or ~/.kube/config, not at the folder')
    .option('--kubeconfig <file>', 'look at the cluster of that file', notEmpty)
    .option('--context <name>', 'look at the cluster of that context', notEmpty);
}

/** Options of every verb that talks to an object store. */
export function withStore(command: Command): Command {
  return command
    .option('--endpoint <url>', 'of a store that is not AWS (default: $ESPALIER_S3_ENDPOINT)')
    .option('--region <name>', 'of the bucket (default: $ESPALIER_S3_REGION, or as AWS tools)')
    .option('--path-style', 'the bucket is in the path (default: $ESPALIER_S3_PATH_STYLE)');
}

/** Where the installation keeps its files, for verbs that cannot always tell. */
export function withBucket(command: Command): Command {
  return withStore(command)
    .option('--bucket <name>', 'bucket of the installation (default: $ESPALIER_S3_BUCKET)')
    .option('--prefix <path>', 'its folder in the bucket (default: $ESPALIER_S3_PREFIX)');
}

export function withFile(command: Command): Command {
  return command.requiredOption('-f, --file <file>', 'the manifest, a YAML file; - is stdin');
}

/** Which Trials are meant, for verbs on several of them. */
export function withChoice(command: Command): Command {
  return command
    .option('--where <condition...>', "only those for which it holds, such as 'lr<1e-3'")
    .option('--state <states>', 'only those in a phase or with a reason, such as Failed', list)
    .option('--top <n>', 'only the best, such as 10 or 10% of those with a value');
}

/** Names with commas between them. */
export function list(text: string): readonly string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0) throw new InvalidArgumentError('It names nothing.');
  return names;
}

/** Nothing was written, as by a variable of a script that is not set. */
export function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** What Kubernetes takes for one (RFC 1123), also in a folder: it may go to a cluster later. */
export function namespaceName(text: string): string {
  if (text.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError(
    'A namespace has at most 63 lower-case letters, digits and -, and begins and ends with a letter or digit.',
  );
}

/** Lets it be one of these names; what is none of them is answered with the nearest. */
export function oneOf<T extends Option | Argument>(given: T, names: readonly string[]): T {
  const isArgument = given instanceof Argument;
  const what = isArgument ? given.name() : (/<(.*)>/.exec(given.flags)?.[1] ?? 'value');
  const where = isArgument ? '' : `${given.long}: `;
  given.choices([...names]);
  given.argParser((text: string) => {
    if (names.includes(text)) return text;
    throw new UnknownChoice(what, text, names, where);
  });
  return given;
}

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number, at least ${least}.`);
    }
    return value;
  };
}

export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError('It must be a number above 0.');
  }
  return value;
}

/** The end of a help text: commands to copy, each with what it does. */
export function examples(lines: readonly (readonly [string, string])[]): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const shown = lines.map(([command, meaning]) =>
    `  ${command.padEnd(width)}  ${meaning}`.trimEnd(),
  );
  return `\nExamples:\n${shown.join('\n')}\n`;
}
