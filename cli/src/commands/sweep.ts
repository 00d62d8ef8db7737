import { problemSentence, readManifests } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid } from '../failure.ts';
import type { Location } from '../location.ts';
import { printable } from '../render/printable.ts';
import { shellWords } from '../render/shell-words.ts';
import type { Surroundings } from '../surroundings.ts';
import { buildSweep, flagOf, type SweepFlags, type SweepManifest } from '../sweep/manifest.ts';
import { readWords, type SweepWords } from '../sweep/parameter-words.ts';
import { writeYaml } from '../sweep/write-yaml.ts';

export interface SweepOptions extends SweepFlags, Location {
  readonly param?: readonly string[];
  readonly print?: boolean;
  readonly local?: boolean;
  readonly allowCpu?: boolean;
  readonly dryRun?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** How a command line was typed: for the way back from an interrupt. */
export interface Typed {
  /** What is left when our own flags are taken out. */
  readonly words: readonly string[];
  /** Our own flags, without dashes. */
  readonly own: readonly string[];
  readonly line: readonly string[];
}

/** The name under which a manifest that no file holds is read. */
const NO_FILE = '<flags>';

/** Makes an Experiment of flags and prints it, runs it here or submits it. */
export async function sweep(
  surroundings: Surroundings,
  options: SweepOptions,
  { words: left, own, line }: Typed,
): Promise<ExitCode> {
  needOnePlace(options);
  const words = readWords(left, options.param ?? [], own);
  const manifest = buildSweep(manifestFlags(options), words);
  const again = shellWords(['espalier', ...line.filter((word) => word !== '--print')]);
  const yaml = writeYaml(manifest, `made by: ${printable(again)}`);
  await needSound(surroundings, manifest, words, yaml);
  if (options.print === true) {
    surroundings.stdout.write(yaml);
    return EXIT.ok;
  }
  const given = { ...surroundings, texts: new Map([[NO_FILE, yaml]]) };
  if (options.local === true) {
    const { run } = await import('./run.ts');
    return run(given, { ...options, file: NO_FILE, again });
  }
  const { submit } = await import('./submit.ts');
  return submit(given, { ...options, file: NO_FILE, cluster: true });
}

function needOnePlace({ print, local, dir, data, ...others }: SweepOptions): void {
  if (print === true || local === true) {
    const place = local === true ? '--local' : '--print';
    const cluster = ['cluster', 'kubeconfig', 'context', 'dryRun', 'wait'] as const;
    const used = cluster.find((name) => others[name] !== undefined);
    if (print !== true && used !== undefined) {
      throw invalid(`${place} and --${used === 'dryRun' ? 'dry-run' : used} exclude each other`);
    }
    return;
  }
  if (dir !== undefined) {
    throw invalid('--dir is the folder of this machine; the sweep would go to a cluster', [
      'add --local to run it here',
    ]);
  }
}

/** On this machine `--data` is a folder, and no part of the manifest. */
function manifestFlags({ data, ...flags }: SweepOptions): SweepFlags {
  return flags.local === true || data === undefined ? flags : { ...flags, data };
}

/** @throws Failure that names the flags, not lines of a file that nobody has written. */
async function needSound(
  surroundings: Surroundings,
  manifest: SweepManifest,
  words: SweepWords,
  yaml: string,
): Promise<void> {
  const read = readManifests(yaml, NO_FILE);
  const [experiment] = read.experiments;
  const problems = [...read.problems];
  const found =
    experiment === undefined
      ? problems
      : (await surroundings.engine()).checkExperiment(experiment.spec);
  const sentences = [...new Set([...problems, ...found])].map((problem) => {
    const flag = flagOf(problem.path, manifest, words);
    const sentence = problemSentence(problem);
    return printable(flag === undefined ? sentence : `${flag}: ${sentence}`);
  });
  const [first, ...more] = [...new Set(sentences)];
  if (first === undefined) return;
  throw invalid(first, [...more, 'nothing was started; correct the command and try again']);
}
