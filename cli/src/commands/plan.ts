import { existsSync } from 'node:fs';
import { type Experiment, mainObjective } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { isOnCluster } from '../cluster.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import {
  folderOf,
  type Location,
  type OpenedCluster,
  withClient,
  withUserCluster,
} from '../location.ts';
import { manifestKey, needOneExperiment, needOneManifest } from '../manifest-file.ts';
import { type QuotaView, quotaDocument, quotaWarnings } from '../quota/quota-text.ts';
import { readQuota } from '../quota/read-quota.ts';
import { formatNumber } from '../render/number.ts';
import type { Surroundings } from '../surroundings.ts';
import { buildPlan, type Plan, type Speed } from '../view/plan.ts';
import { printPlan } from '../view/print-plan.ts';
import { type KnownTrials, measureSpeed } from '../view/speed.ts';

export interface PlanOptions extends Location {
  readonly file: string;
  readonly secondsPerEpoch?: number;
  readonly json?: boolean;
}

/** Tells what a run would do, here or on a cluster. Nothing is started and nothing written. */
export async function plan(surroundings: Surroundings, options: PlanOptions): Promise<ExitCode> {
  if (!isOnCluster(options)) {
    const experiment = await needOneExperiment(surroundings, options.file, options);
    return told(surroundings, options, await planHere(surroundings, experiment, options));
  }
  const { experiment, written } = await needOneManifest(surroundings, options.file);
  const planned = await withUserCluster(surroundings, options, (opened) => {
    const key = manifestKey(written, options.namespace, opened.place.namespace);
    const there = { ...experiment, metadata: { ...experiment.metadata, ...key } };
    return planThere(surroundings, opened, there, options);
  });
  return told(surroundings, options, planned);
}

interface Planned {
  readonly experiment: Experiment;
  readonly plan: Plan;
  /** Only of a cluster. */
  readonly quota?: QuotaView;
  readonly warnings: readonly string[];
}

async function planHere(
  surroundings: Surroundings,
  experiment: Experiment,
  options: PlanOptions,
): Promise<Planned> {
  const speed =
    givenSpeed(options) ??
    (existsSync(folderOf(surroundings, options))
      ? await withClient(surroundings, options, (client) => earlierSpeed(client, experiment))
      : undefined);
  const planned = await planOf(surroundings, experiment, speed);
  return { experiment, plan: planned, warnings: planned.warnings };
}

async function planThere(
  surroundings: Surroundings,
  opened: OpenedCluster,
  experiment: Experiment,
  options: PlanOptions,
): Promise<Planned> {
  const speed = givenSpeed(options) ?? (await earlierSpeed(opened.client, experiment));
  const { trials } = await planOf(surroundings, experiment, speed);
  const found = await readQuota(surroundings, options, opened, experiment, trials);
  const { view } = found;
  // What others use up now may be free later; what is more than all of it never is.
  const allowed = view.kind === 'known' ? view.allowance.now || view.allowance.ever : undefined;
  const planned = await planOf(surroundings, experiment, speed, allowed);
  const warnings = [...planned.warnings, ...found.warnings, ...quotaWarnings(view)];
  return { experiment, plan: planned, quota: view, warnings };
}

async function planOf(
  surroundings: Surroundings,
  experiment: Experiment,
  speed: Speed | undefined,
  allowed?: number,
): Promise<Plan> {
  const { problemOf, stopRuleOf } = await surroundings.engine();
  const { space } = problemOf(experiment.spec);
  return buildPlan(experiment, space, stopRuleOf(experiment.spec, 0), speed, allowed);
}

function told(
  { stdout, stderr }: Surroundings,
  options: PlanOptions,
  { experiment, plan: planned, quota, warnings }: Planned,
): ExitCode {
  if (options.json === true) {
    const document = { ...planned, ...(quota && { quota: quotaDocument(quota) }), warnings };
    stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return EXIT.ok;
  }
  printPlan(stdout, experiment, planned, quota);
  for (const warning of warnings) {
    stderr.write(`${stderr.paint('warning', `warning: ${warning}`)}\n`);
  }
  return EXIT.ok;
}

function givenSpeed({ secondsPerEpoch: seconds }: PlanOptions): Speed | undefined {
  if (seconds === undefined) return undefined;
  return { kind: 'epoch', seconds, basis: `${formatNumber(seconds)}s per epoch, as given` };
}

/** Of so many Experiments, the latest ones, that optimise the same metric: a cluster may have thousands. */
const MOST_EARLIER = 20;

async function earlierSpeed(
  client: LocalClient,
  experiment: Experiment,
): Promise<Speed | undefined> {
  const { metric } = mainObjective(experiment.spec);
  const made = ({ metadata }: Experiment) => metadata.creationTimestamp ?? '';
  const alike = (await client.experiments())
    .filter(({ spec }) => mainObjective(spec).metric === metric)
    .toSorted((a, b) => (made(a) < made(b) ? 1 : -1))
    .slice(0, MOST_EARLIER);
  const known: KnownTrials[] = [];
  for (const other of alike) {
    const views = await client.trials(other.metadata);
    known.push({ experiment: other, trials: views.map(({ trial }) => trial) });
  }
  return measureSpeed(experiment, known);
}
