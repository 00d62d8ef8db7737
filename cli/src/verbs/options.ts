import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS } from '../output.ts';

/** Options that every verb on the folder has. */
export function withLocation(command: Command): Command {
  return command
    .option(
      '--dir <folder>',
      'folder of objects and artifacts (default: $ESPALIER_DIR or ./.espalier)',
    )
    .option('-n, --namespace <name>', 'namespace (default: that of the context, or "default")');
}

/** Where a verb looks that works on both places: the folder, unless a cluster is named. */
export function withPlace(command: Command): Command {
  return withCluster(withLocation(command));
}

export function withOutput(command: Command): Command {
  return command
    .addOption(new Option('-o, --output <format>', 'how to print').choices([...FORMATS]))
    .option('--json', 'print one JSON document, as -o json');
}

/** Options of verbs that can look at a cluster; none of them means the folder. */
export function withCluster(command: Command): Command {
  return command
    .option('--cluster', 'look at the cluster of $KUBECONFIG or ~/.kube/config, not at the folder')
    .option('--kubeconfig <file>', 'look at the cluster of that file')
    .option('--context <name>', 'look at the cluster of that context');
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
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
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
