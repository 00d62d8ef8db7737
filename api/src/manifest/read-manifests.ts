// biome-ignore-all lint/style/noExcessiveLinesPerFile: from text to objects in one walk; what it needs beside is in files of its own
import { type Document, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { nearestName } from '../nearest-name.ts';
import { type Experiment, experimentSchema } from '../v1alpha1/experiment.ts';
import { API_VERSION } from '../v1alpha1/meta.ts';
import { checkExperiment } from '../v1alpha1/rules/check.ts';
import { type TrainerProfile, trainerProfileSchema } from '../v1alpha1/trainer-profile.ts';
import { describeIssue, describeValue } from './describe-issue.ts';
import { experimentManifestSchema, trainerProfileManifestSchema } from './manifest-schema.ts';
import type { ManifestProblem } from './problem.ts';
import { escapeText } from './quote-text.ts';
import { ManifestSource, ManifestText } from './source.ts';
import { yamlValue } from './yaml-value.ts';

export const MAX_MANIFEST_BYTES = 1 << 20;
/** Of one file; nobody reads more. */
const MAX_PROBLEMS = 50;
const MAX_DOCUMENTS = 100;

export interface ReadManifests {
  /** The sound ones, with defaults applied. */
  readonly experiments: readonly Experiment[];
  /** Of `experiments[i]`, to give a place to problems that are found later. */
  readonly sources: readonly ManifestSource[];
  /** `experiments[i]` as it was written, without defaults. */
  readonly written: readonly WrittenManifest[];
  readonly profiles: readonly TrainerProfile[];
  /** In the order of the file. */
  readonly problems: readonly ManifestProblem[];
}

/** What a person decided, and nothing that the API server adds. */
export interface WrittenManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: object;
}

type Outcome =
  | {
      readonly kind: 'experiment';
      readonly experiment: Experiment;
      readonly source: ManifestSource;
      readonly written: WrittenManifest;
    }
  | { readonly kind: 'profile'; readonly profile: TrainerProfile }
  | { readonly kind: 'problems'; readonly problems: readonly ManifestProblem[] };

/**
 * Reads the Experiments and TrainerProfiles of a YAML text of one or more documents. It never
 * throws, takes time in proportion to the text, and returns only objects in which nothing is wrong.
 */
export function readManifests(text: string, fileName: string): ReadManifests {
  const file = new ManifestText(text);
  const refuse = (message: string): ReadManifests => ({
    experiments: [],
    sources: [],
    written: [],
    profiles: [],
    problems: [{ path: [], message, line: 1, column: 1, length: 1 }],
  });
  if (isTooLong(text)) return refuse(`the file is longer than ${MAX_MANIFEST_BYTES} bytes`);
  const documents = parseDocuments(text);
  if (documents === undefined) return refuse('the file is nested too deep');
  if (documents.length === 0) return refuse('the file holds no Experiment');
  if (documents.length > MAX_DOCUMENTS) {
    return refuse(`the file holds more than ${MAX_DOCUMENTS} documents`);
  }

  const outcomes = documents.map((document) => readDocument(document, file, fileName));
  const good = outcomes.filter((outcome) => outcome.kind === 'experiment');
  const again = repeatedNames(good);
  const unique = good.filter((outcome) => !again.has(outcome));
  return {
    experiments: unique.map(({ experiment }) => experiment),
    sources: unique.map(({ source }) => source),
    written: unique.map(({ written }) => written),
    profiles: outcomes.flatMap((outcome) => (outcome.kind === 'profile' ? [outcome.profile] : [])),
    problems: [
      ...outcomes.flatMap((outcome) => (outcome.kind === 'problems' ? outcome.problems : [])),
      ...again.values(),
    ]
      .sort((a, b) => a.line - b.line || a.column - b.column)
      .slice(0, MAX_PROBLEMS),
  };
}

function isTooLong(text: string): boolean {
  return (
    text.length > MAX_MANIFEST_BYTES || new TextEncoder().encode(text).length > MAX_MANIFEST_BYTES
  );
}

/** Without empty documents (two `---`, or comments only); undefined = nested deeper than the stack is. */
function parseDocuments(text: string): Document[] | undefined {
  try {
    const documents = parseAllDocuments(text, {
      schema: 'core',
      merge: false,
      resolveKnownTags: false,
      // Checked by us: theirs takes quadratic time.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    return [...documents].filter(
      (document) => document.errors.length > 0 || !isEmpty(document.contents),
    );
  } catch (error) {
    // The parser closes what is open by recursion, and catches that only where it composes nodes.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function isEmpty(contents: unknown): boolean {
  return (
    contents === null ||
    (typeof contents === 'object' && 'value' in contents && contents.value === null)
  );
}

function readDocument(document: Document, file: ManifestText, fileName: string): Outcome {
  if (document.errors.length > 0) {
    // The first error explains the ones after it.
    const [error] = document.errors;
    const message =
      error?.code === 'RESOURCE_EXHAUSTION'
        ? 'is nested too deep'
        : `is not valid YAML: ${escapeText(error?.message.slice(0, 200) ?? '')}`;
    const [start = 0, end = 0] = error?.pos ?? [];
    return { kind: 'problems', problems: [{ path: [], message, ...file.place(start, end) }] };
  }
  const { value, problems, targets } = yamlValue(document.contents);
  const source = new ManifestSource(fileName, file, document, targets);
  if (document.directives?.yaml.version === '1.1') {
    return problem(source, [], 'YAML 1.1 is not supported; remove the %YAML line');
  }
  if (problems.length > 0) {
    return {
      kind: 'problems',
      problems: problems
        .slice(0, MAX_PROBLEMS)
        .map(({ path, node, message }) => ({ path, message, ...file.placeOfNode(node) })),
    };
  }
  return readObject(value, source);
}

function problem(
  source: ManifestSource,
  path: (string | number)[],
  message: string,
  suggestion?: string,
): Outcome {
  return { kind: 'problems', problems: [source.problem(path, message, { suggestion })] };
}

const KINDS = ['Experiment', 'TrainerProfile'];

function readObject(value: unknown, source: ManifestSource): Outcome {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return problem(source, [], `must be an Experiment, found ${describeValue(value)}`);
  }
  const { apiVersion, kind } = value as Record<string, unknown>;
  const expectations: readonly [string, unknown, readonly string[]][] = [
    ['kind', kind, KINDS],
    ['apiVersion', apiVersion, [API_VERSION]],
  ];
  for (const [field, found, expected] of expectations) {
    if (found === undefined)
      return problem(source, [field], `is required: ${expected.join(' or ')}`);
    if (typeof found === 'string' && expected.includes(found)) continue;
    const hint = found === 'Trial' ? '; Trials are made by the controller' : '';
    const message = `must be ${expected.join(' or ')}, found ${describeValue(found)}${hint}`;
    return problem(source, [field], message, nearestName(String(found), expected));
  }
  return kind === 'Experiment' ? readExperiment(value, source) : readProfile(value, source);
}

function readExperiment(value: unknown, source: ManifestSource): Outcome {
  const parsed = experimentManifestSchema.safeParse(value);
  if (!parsed.success) return findings(parsed.error, experimentManifestSchema, value, source);
  const { apiVersion, kind, metadata, spec } = parsed.data;
  const broken = checkExperiment(spec);
  if (broken.length > 0) {
    return {
      kind: 'problems',
      problems: broken.map(({ path, message }) => source.problem(path, message)),
    };
  }
  const experiment = experimentSchema.parse({ apiVersion, kind, metadata: own(metadata), spec });
  // The schema has accepted its form.
  const raw = value as WrittenManifest;
  const { namespace, ...named } = own(metadata);
  const written = {
    apiVersion,
    kind,
    metadata: raw.metadata.namespace === undefined ? named : { ...named, namespace },
    spec: raw.spec,
  };
  return { kind: 'experiment', experiment, source, written };
}

function readProfile(value: unknown, source: ManifestSource): Outcome {
  const parsed = trainerProfileManifestSchema.safeParse(value);
  if (!parsed.success) return findings(parsed.error, trainerProfileManifestSchema, value, source);
  const { metadata, ...rest } = parsed.data;
  return {
    kind: 'profile',
    profile: trainerProfileSchema.parse({ ...rest, metadata: own(metadata) }),
  };
}

/** What the user decides about the metadata; the rest is the server's. */
function own(metadata: z.infer<typeof experimentManifestSchema>['metadata']) {
  const { name, namespace, labels, annotations } = metadata;
  return { name, namespace, ...(labels && { labels }), ...(annotations && { annotations }) };
}

function findings(
  error: z.ZodError,
  schema: z.ZodType,
  value: unknown,
  source: ManifestSource,
): Outcome {
  const problems = error.issues
    .flatMap((issue) => describeIssue(issue, schema, value))
    .slice(0, MAX_PROBLEMS)
    .map(({ path, message, ...more }) => source.problem(path, message, more));
  return { kind: 'problems', problems };
}

type Good = Extract<Outcome, { kind: 'experiment' }>;

/** The Experiments whose name an earlier one of the same namespace has. */
function repeatedNames(outcomes: readonly Good[]): Map<Good, ManifestProblem> {
  const seen = new Set<string>();
  const problems = new Map<Good, ManifestProblem>();
  for (const outcome of outcomes) {
    const { namespace, name } = outcome.experiment.metadata;
    const key = `${namespace}/${name}`;
    if (seen.has(key)) {
      const message = 'another Experiment of this file has the same name';
      problems.set(outcome, outcome.source.problem(['metadata', 'name'], message));
    }
    seen.add(key);
  }
  return problems;
}
