import { existsSync } from 'node:fs';
import { type Experiment, mainObjective } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { type Channel, writeLines } from '../channel.ts';
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
import { tableOptions } from '../output.ts';
import { type QuotaView, quotaDocument, quotaText, quotaWarnings } from '../quota/quota-text.ts';
import { readQuota } from '../quota/read-quota.ts';
import { formatDuration } from '../render/duration.ts';
import { count, formatNumber } from '../render/number.ts';
import { type Cell, renderFields, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { beginningText, constraintsText, limitLines, objectivesText } from '../view/goals.ts';
import { buildPlan, type Plan, type Speed } from '../view/plan.ts';
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

function optional(name: string, text: string | undefined): [string, Cell][] {
  return text === undefined ? [] : [[name, text]];
}

function printPlan(
  stdout: Channel,
  { spec }: Experiment,
  planned: Plan,
  quota: QuotaView | undefined,
): void {
  const { search } = spec;
  const upTo = spec.replicates?.racing === undefined ? '' : 'up to ';
  const replicates =
    planned.replicates > 1
      ? ` (${planned.configurations} configurations x ${upTo}${planned.replicates} replicates)`
      : '';
  const fields: (readonly [string, Cell])[] = [
    ['experiment', { text: planned.experiment, style: 'strong' }],
    ['trials', `${count(planned.trials, 'trial')}${replicates}, ${planned.parallel} at once`],
    ...optional('quota', quota && quotaText(quota, Math.min(planned.parallel, planned.trials))),
    ['objective', objectivesText(spec)],
    ...optional('constraints', constraintsText(spec)),
    ...limitLines(spec).map((line): [string, Cell] => ['limit', line]),
    ['search', `${search.algorithm}, seed ${search.seed}`],
    ...optional('begins with', beginningText(spec)),
    [
      'space',
      planned.cells === undefined ? 'continuous' : count(planned.cells, 'distinct configuration'),
    ],
    ['early stop', earlyStopText(spec, planned)],
    ['time', timeText(planned)],
  ];
  const options = tableOptions(stdout);
  writeLines(stdout, renderFields(fields, stdout.paint));
  const hasConditions = planned.parameters.some(({ when }) => when !== undefined);
  const { lines } = renderTable(
    [
      { header: 'PARAMETER' },
      { header: 'DOMAIN' },
      { header: 'VALUES', align: 'right' },
      ...(hasConditions ? [{ header: 'WHEN' }] : []),
    ],
    planned.parameters.map(({ name, domain, count: values, when }) => [
      name,
      domain,
      values === undefined ? 'any' : String(values),
      when ?? '',
    ]),
    options,
  );
  writeLines(stdout, ['', ...lines]);
}

const MOST_RUNGS = 8;

function earlyStopText(
  { earlyStopping: rule }: Experiment['spec'],
  { rungs, epochs }: Plan,
): string {
  if (rule === undefined) return 'none';
  const shown = rungs.slice(0, MOST_RUNGS).join(', ');
  const more = rungs.length > MOST_RUNGS ? ', ...' : '';
  const total = rule.max ?? (rule.resource === 'epoch' ? epochs : undefined);
  const of = total === undefined ? '' : ` of ${total}`;
  const keeps =
    rule.algorithm === 'asha'
      ? `, each keeps the best 1/${rule.eta} of at least ${rule.minRungSize}`
      : '';
  return `${rule.algorithm}, judged at ${rule.resource} ${shown}${more}${of}${keeps}`;
}

function timeText({ estimate, epochs }: Plan): string {
  if (estimate === undefined) {
    return epochs === undefined
      ? 'unknown: the manifest does not say how many epochs a trial takes'
      : 'unknown: give --seconds-per-epoch, or try a trial first';
  }
  const { likelySeconds, atMostSeconds, basis } = estimate;
  const most =
    likelySeconds < 0.99 * atMostSeconds
      ? `; at most ${formatDuration(1000 * atMostSeconds)} if none is stopped early`
      : '';
  return `about ${formatDuration(1000 * likelySeconds)}${most} (${basis})`;
}
