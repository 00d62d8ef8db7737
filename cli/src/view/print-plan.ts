import type { Experiment } from '@espalier/api';
import { type Channel, writeLines } from '../channel.ts';
import { tableOptions } from '../output.ts';
import { type QuotaView, quotaText } from '../quota/quota-text.ts';
import { formatDuration } from '../render/duration.ts';
import { count } from '../render/number.ts';
import { type Cell, renderFields, renderTable } from '../render/table.ts';
import { beginningText, constraintsText, limitLines, objectivesText } from './goals.ts';
import type { Plan } from './plan.ts';

/** Everything that a plan says, for people. */
export function printPlan(
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
    ...optional('GPU-hours', gpuHoursText(planned)),
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

function gpuHoursText({ estimate }: Plan): string | undefined {
  if (estimate?.gpuHours === undefined) return undefined;
  const { likely, atMost } = estimate.gpuHours;
  const text = (hours: number) => (hours < 0.95 ? hours.toFixed(2) : hours.toFixed(1));
  return likely < 0.99 * atMost
    ? `about ${text(likely)}; at most ${text(atMost)} if none is stopped early`
    : `about ${text(likely)}`;
}

function optional(name: string, text: string | undefined): [string, Cell][] {
  return text === undefined ? [] : [[name, text]];
}
