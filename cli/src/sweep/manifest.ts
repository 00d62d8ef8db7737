import { createHash } from 'node:crypto';
import { invalid } from '../failure.ts';
import { parseDomain, type WrittenDomain } from './domain.ts';
import type { SweepWords } from './parameter-words.ts';
import { parseMetric, parseRule, type WrittenObjective, type WrittenRule } from './settings.ts';

/** Our own flags of `sweep`, as they were typed. */
export interface SweepFlags {
  readonly metric?: readonly string[];
  readonly trials?: number;
  readonly parallel?: number;
  readonly maxFailed?: number;
  readonly algorithm?: string;
  readonly searchSeed?: number;
  readonly earlyStop?: string;
  readonly name?: string;
  readonly image?: string;
  readonly profile?: string;
  readonly gpu?: number;
  readonly cpu?: string;
  readonly memory?: string;
  readonly data?: string;
}

/** The manifest of a sweep: what a person would have written, without defaults. */
export interface SweepManifest {
  readonly apiVersion: string;
  readonly kind: 'Experiment';
  readonly metadata: { readonly name: string };
  readonly spec: SweepSpec;
}

export interface SweepSpec {
  readonly objective?: WrittenObjective;
  readonly objectives?: readonly WrittenObjective[];
  readonly parameters: readonly ({ readonly name: string } & WrittenDomain)[];
  readonly replicates?: {
    readonly parameter: string;
    readonly values: readonly number[];
    readonly racing?: WrittenRule;
  };
  readonly search: { readonly algorithm: string; readonly seed?: number };
  readonly earlyStopping?: WrittenRule;
  readonly trials: {
    readonly max: number;
    readonly parallel?: number;
    readonly maxFailed?: number;
  };
  readonly trainer?: {
    readonly profile?: string;
    readonly image?: string;
    readonly command?: readonly string[];
    readonly resources?: { readonly gpu?: number; readonly cpu?: string; readonly memory?: string };
  };
  readonly data?: { readonly s3: { readonly key: string } };
}

/** Enough for a search to learn something; a smaller space is tried once. */
const DEFAULT_TRIALS = 20;

/** With replicates these give more of them to the better configurations. */
const RACES = ['asha', 'wilcoxon'];

/** @throws Failure that names the flag. */
export function buildSweep(flags: SweepFlags, words: SweepWords): SweepManifest {
  const spec = buildSpec(flags, words);
  return {
    apiVersion: 'espalier.dev/v1alpha1',
    kind: 'Experiment',
    metadata: { name: flags.name ?? derivedName(spec) },
    spec,
  };
}

function buildSpec(flags: SweepFlags, { parameters: typed, command }: SweepWords): SweepSpec {
  const { parameters, replicates } = domainsOf(typed);
  const metrics = (flags.metric ?? []).map(parseMetric);
  const [objective] = metrics;
  if (objective === undefined) {
    throw invalid('--metric is needed: what the trainer reports, and which values are better', [
      'such as --metric valid_acc:max',
    ]);
  }
  const rule = flags.earlyStop === undefined ? undefined : parseRule(flags.earlyStop);
  const isRace = replicates !== undefined && RACES.includes(String(rule?.['algorithm']));
  const trainer = trainerOf(flags, command);
  return {
    ...(metrics.length > 1 ? { objectives: metrics } : { objective }),
    parameters,
    ...(replicates === undefined
      ? {}
      : {
          replicates: isRace && rule !== undefined ? { ...replicates, racing: rule } : replicates,
        }),
    search: {
      algorithm: flags.algorithm ?? 'auto',
      ...(flags.searchSeed === undefined ? {} : { seed: flags.searchSeed }),
    },
    ...(rule === undefined || isRace ? {} : { earlyStopping: rule }),
    trials: {
      max: flags.trials ?? Math.min(DEFAULT_TRIALS, configurations(parameters)),
      ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
      ...(flags.maxFailed === undefined ? {} : { maxFailed: flags.maxFailed }),
    },
    ...(trainer === undefined ? {} : { trainer }),
    ...(flags.data === undefined ? {} : { data: { s3: { key: flags.data } } }),
  };
}

function domainsOf(typed: SweepWords['parameters']): Pick<SweepSpec, 'parameters' | 'replicates'> {
  const parameters: ({ readonly name: string } & WrittenDomain)[] = [];
  let replicates: { parameter: string; values: readonly number[] } | undefined;
  for (const { flag, name, text } of typed) {
    const parsed = parseDomain(flag, text);
    if (parsed.kind === 'searched') {
      parameters.push({ name, ...parsed.domain });
    } else if (replicates === undefined) {
      replicates = { parameter: name, values: parsed.values };
    } else {
      throw invalid(`${flag}: only one parameter can be :replicates`);
    }
  }
  if (parameters.length === 0) {
    throw invalid('a sweep needs a parameter of the trainer', [
      'such as --lr 1e-5..1e-2:log  or  --batch-size 32,64,128',
    ]);
  }
  return { parameters, ...(replicates === undefined ? {} : { replicates }) };
}

function trainerOf(
  { profile, image, gpu, cpu, memory }: SweepFlags,
  command: readonly string[],
): SweepSpec['trainer'] {
  const resources = {
    ...(gpu === undefined ? {} : { gpu }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(memory === undefined ? {} : { memory }),
  };
  const trainer = {
    ...(profile === undefined ? {} : { profile }),
    ...(image === undefined ? {} : { image }),
    ...(command.length === 0 ? {} : { command }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
  };
  return Object.keys(trainer).length === 0 ? undefined : trainer;
}

/** Distinct configurations; infinite with a range, whose values are rarely fewer than the default. */
function configurations(parameters: SweepSpec['parameters']): number {
  return parameters.reduce((product, parameter) => product * valuesOf(parameter), 1);
}

function valuesOf({ name: _, ...domain }: SweepSpec['parameters'][number]): number {
  const [form] = Object.values(domain) as readonly object[];
  if (form === undefined || 'value' in form) return 1;
  return 'values' in form ? (form.values as readonly unknown[]).length : Number.POSITIVE_INFINITY;
}

/**
 * The same question has the same name, so that the same command goes on; how many trials answer it is not
 * part of the question.
 */
function derivedName({ trials: _, ...question }: SweepSpec): string {
  const digest = createHash('sha256').update(JSON.stringify(question)).digest('hex');
  return `sweep-${digest.slice(0, 8)}`;
}

/** The flag that a part of the manifest came from; undefined: from none. */
export function flagOf(
  path: readonly (string | number)[],
  { spec }: SweepManifest,
  { parameters }: SweepWords,
): string | undefined {
  const [root, field, place] = path;
  if (root === 'metadata') return '--name';
  switch (field) {
    case 'parameters': {
      const name = typeof place === 'number' ? spec.parameters[place]?.name : undefined;
      return wordOf(parameters.find((word) => word.name === name));
    }
    case 'replicates':
      if (place === 'racing') return '--early-stop';
      return wordOf(parameters.find((word) => word.name === spec.replicates?.parameter));
    case 'objective':
    case 'objectives':
      return '--metric';
    case 'earlyStopping':
      return '--early-stop';
    case 'search':
      return place === 'seed' ? '--search-seed' : '--algorithm';
    case 'trials':
      return place === 'max' ? '--trials' : place === 'parallel' ? '--parallel' : '--max-failed';
    case 'data':
      return '--data';
    case 'trainer':
      return trainerFlag(path);
    default:
      return undefined;
  }
}

function trainerFlag([, , field, resource]: readonly (string | number)[]): string {
  if (field === 'command') return "the trainer's command";
  return field === 'resources' ? `--${resource}` : `--${field}`;
}

function wordOf(word: SweepWords['parameters'][number] | undefined): string | undefined {
  if (word === undefined) return undefined;
  return word.flag.startsWith('--param ')
    ? `${word.flag}=${word.text}`
    : `${word.flag} ${word.text}`;
}
