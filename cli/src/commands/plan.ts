import { existsSync } from 'node:fs';
import type { Experiment } from '@espalier/api';
import { type Channel, writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { folderOf, type Location, withClient } from '../location.ts';
import { needOneExperiment } from '../manifest-file.ts';
import { tableOptions } from '../output.ts';
import { formatDuration } from '../render/duration.ts';
import { count, formatNumber } from '../render/number.ts';
import { type Cell, renderFields, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { beginningText, constraintsText, limitLines, objectivesText } from '../view/goals.ts';
import { buildPlan, type Plan, type Speed } from '../view/plan.ts';
import { measureSpeed } from '../view/speed.ts';

export interface PlanOptions extends Location {
  readonly file: string;
  readonly secondsPerEpoch?: number;
  readonly json?: boolean;
}

/** Tells what a run would do. Nothing is started and nothing written. */
export async function plan(surroundings: Surroundings, options: PlanOptions): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const experiment = await needOneExperiment(surroundings, options.file, options);
  const { problemOf, stopRuleOf } = await surroundings.engine();
  const { space } = problemOf(experiment.spec);
  const speed = await speedOf(surroundings, experiment, options);
  const planned = buildPlan(experiment, space, stopRuleOf(experiment.spec, 0), speed);
  if (options.json === true) {
    stdout.write(`${JSON.stringify(planned, undefined, 2)}\n`);
    return EXIT.ok;
  }
  printPlan(stdout, experiment, planned);
  for (const warning of planned.warnings) {
    stderr.write(`${stderr.paint('warning', `warning: ${warning}`)}\n`);
  }
  return EXIT.ok;
}

async function speedOf(
  surroundings: Surroundings,
  experiment: Experiment,
  options: PlanOptions,
): Promise<Speed | undefined> {
  const { secondsPerEpoch: seconds } = options;
  if (seconds !== undefined) {
    return { kind: 'epoch', seconds, basis: `${formatNumber(seconds)}s per epoch, as given` };
  }
  if (!existsSync(folderOf(surroundings, options))) return undefined;
  return withClient(surroundings, options, async (client) => {
    const experiments = await client.experiments();
    const known = await Promise.all(
      experiments.map(async (other) => ({
        experiment: other,
        trials: (await client.trials(other.metadata)).map(({ trial }) => trial),
      })),
    );
    return measureSpeed(experiment, known);
  });
}

function optional(name: string, text: string | undefined): [string, Cell][] {
  return text === undefined ? [] : [[name, text]];
}

function printPlan(stdout: Channel, { spec }: Experiment, planned: Plan): void {
  const { search } = spec;
  const upTo = spec.replicates?.racing === undefined ? '' : 'up to ';
  const replicates =
    planned.replicates > 1
      ? ` (${planned.configurations} configurations x ${upTo}${planned.replicates} replicates)`
      : '';
  const fields: (readonly [string, Cell])[] = [
    ['experiment', { text: planned.experiment, style: 'strong' }],
    ['trials', `${count(planned.trials, 'trial')}${replicates}, ${planned.parallel} at once`],
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
