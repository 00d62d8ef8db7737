import { isOnCluster } from '../cluster.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Location } from '../location.ts';
import { needOneManifest } from '../manifest-file.ts';
import type { Surroundings } from '../surroundings.ts';
import type { Successor } from './successor.ts';
import { successorYaml } from './successor-yaml.ts';

export interface SuccessorOptions extends Location {
  readonly name?: string;
  readonly print?: boolean;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly allowCpu?: boolean;
  readonly json?: boolean;
}

/** The name under which a manifest that no file holds is read. */
const NO_FILE = '<manifest>';

/**
 * Prints the manifest, submits it to the cluster it comes from, or runs it in its folder.
 *
 * @param again The command line that has led here: repeated, it goes on.
 */
export async function startSuccessor(
  surroundings: Surroundings,
  manifest: Successor,
  options: SuccessorOptions,
  again: string,
): Promise<ExitCode> {
  const yaml = successorYaml(manifest, `made by: ${again}`);
  const given = { ...surroundings, texts: new Map([[NO_FILE, yaml]]) };
  await needOneManifest(given, NO_FILE);
  if (options.print === true) {
    surroundings.stdout.write(yaml);
    return EXIT.ok;
  }
  if (isOnCluster(options)) {
    const { submit } = await import('../commands/submit.ts');
    return submit(given, { ...options, file: NO_FILE });
  }
  const { run } = await import('../commands/run.ts');
  return run(given, { ...options, file: NO_FILE, again });
}
