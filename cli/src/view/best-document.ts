import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ARTIFACT, type Experiment, experimentKey, mainObjective, type Trial } from '@espalier/api';
import { notFound } from '../failure.ts';
import { parameterRecord } from './parameters.ts';

/**
 * What `best --json` prints: absolute paths, or URIs of a cluster's object store; absent for files that
 * do not exist.
 */
export interface BestDocument {
  readonly experiment: string;
  readonly namespace: string;
  readonly phase: string;
  readonly metric: string;
  readonly goal: string;
  readonly trial: string;
  readonly configuration: number;
  readonly value: number;
  /** How many replicates `value` is the mean of. */
  readonly replicates?: number | undefined;
  /** The 95 % confidence interval of the mean. */
  readonly interval?: { readonly low: number; readonly high: number } | undefined;
  /** Whether it was measured on the held-back values of a race. */
  readonly confirmed?: boolean | undefined;
  /** All objectives, where there are several. */
  readonly values?: Readonly<Record<string, number>> | undefined;
  /** The configurations that no other one beats, where there are several objectives. */
  readonly pareto?: readonly FrontDocument[] | undefined;
  readonly step: number;
  readonly epoch?: number | undefined;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly checkpoint?: string | undefined;
  readonly checkpointSha256?: string | undefined;
  readonly checkpointStep?: number | undefined;
  readonly metricsCsv?: string | undefined;
  readonly trialsCsv?: string | undefined;
  readonly submissionCsv?: string | undefined;
  readonly log?: string | undefined;
  /** The folder of the attempt that holds all of it. */
  readonly folder?: string | undefined;
}

export interface FrontDocument {
  readonly trial: string;
  readonly configuration: number;
  readonly values: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly checkpoint?: string | undefined;
}

/**
 * @param trial The best Trial, if its object is still there.
 * @param place Where to look on this machine for what the objects do not name: the runner's folder,
 *   and the log.
 */
export function bestDocument(
  experiment: Experiment,
  trial: Trial | undefined,
  place: { readonly dir?: string; readonly log?: string | undefined },
): BestDocument {
  const { metadata, spec, status } = experiment;
  const record = status?.best;
  if (record === undefined) throw noBest(experiment);
  const artifacts = trial?.status?.artifacts;
  const folder = pathOf(artifacts?.folder);
  return {
    experiment: metadata.name,
    namespace: metadata.namespace,
    phase: status?.phase ?? 'Pending',
    metric: mainObjective(spec).metric,
    goal: mainObjective(spec).goal,
    trial: record.trial,
    configuration: record.configuration,
    value: record.value,
    replicates: record.replicates,
    interval: record.interval,
    confirmed: record.confirmed,
    values: record.values && byMetric(record.values),
    pareto: status?.pareto?.front.map((entry) => ({
      trial: entry.trial,
      configuration: entry.configuration,
      values: byMetric(entry.values),
      parameters: parameterRecord(entry.parameters),
      checkpoint: pathOf(entry.checkpoint?.uri),
    })),
    step: record.step,
    epoch: trial?.status?.observation?.epoch,
    parameters: parameterRecord(record.parameters),
    checkpoint: pathOf(record.checkpoint?.uri ?? artifacts?.checkpoint?.uri),
    checkpointSha256: record.checkpoint?.sha256 ?? artifacts?.checkpoint?.sha256,
    checkpointStep: artifacts?.checkpoint?.step,
    metricsCsv: pathOf(record.csv ?? artifacts?.metricsCsv),
    trialsCsv: trialsCsv(experiment, place.dir, folder),
    submissionCsv: pathOf(artifacts?.submissionCsv),
    log: pathOf(artifacts?.log) ?? place.log,
    folder,
  };
}

function byMetric(values: readonly { readonly metric: string; readonly value: number }[]) {
  return Object.fromEntries(values.map(({ metric, value }) => [metric, value]));
}

/** It lies three folders above an attempt's; trials that left no manifest do not say where. */
function trialsCsv(
  { metadata: { namespace, name, uid } }: Experiment,
  dir: string | undefined,
  attemptFolder: string | undefined,
): string | undefined {
  if (attemptFolder?.includes('://')) {
    return `${attemptFolder.split('/').slice(0, -3).join('/')}/${ARTIFACT.trialsCsv}`;
  }
  if (attemptFolder === undefined && dir === undefined) return undefined;
  const root =
    attemptFolder === undefined
      ? join(dir ?? '', 'artifacts', experimentKey(namespace, name, uid))
      : dirname(dirname(dirname(attemptFolder)));
  const path = join(root, ARTIFACT.trialsCsv);
  return attemptFolder !== undefined || existsSync(path) ? path : undefined;
}

/** A path for a local file; other URIs stay what they are. */
function pathOf(uri: string | undefined): string | undefined {
  if (uri === undefined) return undefined;
  const path = uri.startsWith('file:') ? fileURLToPath(uri) : uri;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function noBest({ metadata, spec, status }: Experiment): Error {
  return notFound(
    `${metadata.name} (${status?.phase ?? 'Pending'}) has no value of ${mainObjective(spec).metric} yet`,
    [`espalier trials ${metadata.name} shows how far they are`],
  );
}
