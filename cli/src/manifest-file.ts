import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import {
  type Experiment,
  formatProblem,
  type ManifestProblem,
  nearestName,
  problemSentence,
  readManifests,
  type WrittenManifest,
} from '@espalier/api';
import { EXIT } from './exit-codes.ts';
import { Failure, invalid, messageOf, notFound } from './failure.ts';
import type { Key } from './key.ts';
import type { Location } from './location.ts';
import { count } from './render/number.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';

/** A manifest file that was read: sound Experiments, and everything wrong with the others. */
export interface CheckedManifest {
  readonly file: string;
  readonly experiments: readonly Experiment[];
  /** `experiments[i]` without defaults. */
  readonly written: readonly WrittenManifest[];
  readonly profileCount: number;
  readonly problems: readonly ManifestProblem[];
  /** Each problem as `file:line:column: ...` with the line and a caret. */
  readonly formatted: readonly string[];
}

/**
 * Reads a file (`-` is stdin) and checks it as the runner will: its form, the rules between fields,
 * and whether the search can work with it.
 */
export async function checkManifest(
  surroundings: Surroundings,
  file: string,
): Promise<CheckedManifest> {
  const { checkExperiment } = await surroundings.engine();
  const text = readText(surroundings, file);
  const shown = file === '-' ? '<stdin>' : file;
  const read = readManifests(text, shown);
  const experiments: Experiment[] = [];
  const written: WrittenManifest[] = [];
  const problems = [...read.problems];
  read.experiments.forEach((experiment, place) => {
    const found = checkExperiment(experiment.spec);
    const manifest = read.written[place];
    if (found.length === 0 && manifest !== undefined) {
      experiments.push(experiment);
      written.push(manifest);
    }
    const source = read.sources[place];
    for (const { path, message, suggestion } of found) {
      if (source !== undefined) problems.push(source.problem(path, message, { suggestion }));
    }
  });
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  return {
    file: shown,
    experiments,
    written,
    profileCount: read.profiles.length,
    problems,
    formatted: problems.map((problem) => formatProblem(problem, text, shown).trimEnd()),
  };
}

function readText({ cwd, texts }: Surroundings, file: string): string {
  const given = texts?.get(file);
  if (given !== undefined) return given;
  if (file === '-') return readFileSync(0, 'utf8');
  const path = resolve(cwd, file);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    if (code === 'EISDIR') throw invalid(`${printable(file)} is a folder; name a YAML file`);
    if (code !== 'ENOENT') {
      const message = messageOf(cause);
      const why = `cannot read ${printable(file)}: ${message}`;
      throw new Failure(why, { exitCode: EXIT.unexpected, cause });
    }
    const near = nearestName(basename(file), namesBeside(path));
    throw notFound(
      `there is no file ${printable(path)}`,
      near === undefined ? [] : [`did you mean ${printable(near)}?`],
    );
  }
}

function namesBeside(path: string): readonly string[] {
  try {
    return readdirSync(dirname(path));
  } catch {
    // The folder does not exist either: nothing to suggest.
    return [];
  }
}

/**
 * The one Experiment of a file, in the namespace that was asked for.
 *
 * @throws Failure after printing the problems on stderr.
 */
export async function needOneExperiment(
  surroundings: Surroundings,
  file: string,
  { namespace }: Location,
): Promise<Experiment> {
  return inNamespace((await needOneManifest(surroundings, file)).experiment, namespace);
}

/**
 * The one Experiment of a file, also as it was written.
 *
 * @throws Failure after printing the problems on stderr.
 */
export async function needOneManifest(
  surroundings: Surroundings,
  file: string,
): Promise<{ readonly experiment: Experiment; readonly written: WrittenManifest }> {
  const checked = await checkManifest(surroundings, file);
  if (checked.problems.length > 0) {
    throw invalid(`${count(checked.problems.length, 'problem')} in ${printable(checked.file)}`, [
      'nothing was started; correct the file and try again',
    ]).withReport(checked.formatted);
  }
  const [experiment, ...others] = checked.experiments;
  const [written] = checked.written;
  if (experiment === undefined || written === undefined)
    throw invalid(`${printable(checked.file)} holds no Experiment`);
  if (others.length > 0) {
    const names = checked.experiments.map(({ metadata }) => metadata.name).join(', ');
    throw invalid(
      `${printable(checked.file)} holds ${checked.experiments.length} Experiments: ${names}`,
      ['put each into a file of its own; one command runs one'],
    );
  }
  return { experiment, written };
}

/**
 * Where a manifest goes on a cluster. The rule of kubectl: what the file says and what the command says
 * must not differ.
 *
 * @param usual That of the context.
 */
export function manifestKey(
  { metadata }: WrittenManifest,
  asked: string | undefined,
  usual: string | undefined,
): Key {
  const { name, namespace } = metadata;
  if (namespace !== undefined && asked !== undefined && namespace !== asked) {
    throw invalid(
      `the manifest says namespace ${printable(namespace)}, the command says ${printable(asked)}`,
      ['leave out one of them'],
    );
  }
  return { name, namespace: namespace ?? asked ?? usual ?? 'default' };
}

function inNamespace(experiment: Experiment, namespace: string | undefined): Experiment {
  const { metadata } = experiment;
  if (namespace === undefined || namespace === metadata.namespace) return experiment;
  if (metadata.namespace !== 'default') {
    throw invalid(
      `the manifest says namespace ${metadata.namespace}, the command says ${printable(namespace)}`,
      ['leave out one of them'],
    );
  }
  return { ...experiment, metadata: { ...metadata, namespace } };
}

/** A problem as `validate --json` tells it. */
export function problemDocument(problem: ManifestProblem): unknown {
  const { line, column, path, suggestion } = problem;
  return { line, column, path, message: problemSentence(problem), suggestion };
}
