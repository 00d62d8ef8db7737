import { type Experiment, mainObjective } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { findTrial, type Location, unknownName, withClient } from '../location.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { formatAge, formatDuration } from '../render/duration.ts';
import { count, formatMetric } from '../render/number.ts';
import { type Cell, renderFields } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { constraintsText, frontLines, objectivesText, valuesText } from '../view/goals.ts';
import { parameterList, searchedParameters } from '../view/parameters.ts';
import { phaseStyle, type TrialRow, trialRow } from '../view/trial-row.ts';

type Fields = readonly (readonly [string, Cell])[];

/** One Experiment, or one Trial, as a page. */
export async function get(
  surroundings: Surroundings,
  name: string,
  options: Location & OutputOptions,
): Promise<ExitCode> {
  const { stdout, now } = surroundings;
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await client.experiment(key);
    const found = experiment === undefined ? await findTrial(client, key) : undefined;
    const object = experiment ?? found?.view.trial;
    if (object === undefined) throw await unknownName(client, key, 'Experiment or Trial');
    await print(stdout, formatOf(options), {
      document: () => object,
      names: () => [`${object.kind.toLowerCase()}.espalier.dev/${object.metadata.name}`],
      table: () =>
        renderFields(
          found === undefined
            ? experimentFields(object as Experiment, now())
            : trialFields(trialRow(found.experiment, found.view, now()), found.experiment),
          stdout.paint,
        ),
    });
    return EXIT.ok;
  });
}

function experimentFields(experiment: Experiment, nowMs: number): Fields {
  const { metadata, spec, status } = experiment;
  const phase = status?.phase ?? 'Pending';
  const { best, trials } = status ?? {};
  const counts = Object.entries(trials ?? {}).filter(([state, n]) => state !== 'total' && n > 0);
  return [
    ['Name', metadata.name],
    ['Namespace', metadata.namespace],
    ['Phase', { text: phase, style: phaseStyle(phase) }],
    ...optional('Reason', status?.reason),
    ...optional('Message', status?.message),
    ['Desired state', spec.desiredState],
    ['Objective', objectivesText(spec)],
    ...optional('Constraints', constraintsText(spec)),
    ['Progress', `${status?.progress ?? `0/${spec.trials.max}`}, ${spec.trials.parallel} at once`],
    ...optional('Trials', counts.map(([state, amount]) => `${amount} ${state}`).join(', ')),
    ['Search', `${spec.search.algorithm}, seed ${spec.search.seed}`],
    ...optional('Early stopping', spec.earlyStopping?.algorithm),
    ['Age', formatAge(metadata.creationTimestamp, nowMs)],
    ...optional('Took', took(status?.startTime, status?.completionTime)),
    ...optional('Warm start', warmStartText(experiment)),
    ...(best === undefined ? [] : bestFields(experiment, best)),
    ...frontLines(experiment).map((line): [string, Cell] => ['Front', line]),
    ...(status?.conditions ?? [])
      .filter((condition) => condition.status === 'True')
      .map((condition): [string, Cell] => [
        condition.type,
        `${condition.reason}: ${condition.message}`,
      ]),
  ];
}

function warmStartText({ spec, status }: Experiment): string | undefined {
  if (spec.warmStart === undefined) return undefined;
  const names = spec.warmStart.experiments.join(', ');
  const taken = status?.warmStart?.configurations.length;
  return taken === undefined ? `with ${names}` : `${count(taken, 'configuration')} of ${names}`;
}

function bestFields(
  experiment: Experiment,
  best: NonNullable<NonNullable<Experiment['status']>['best']>,
): Fields {
  return [
    ['Best', { text: formatMetric(best.value), style: 'good' }],
    ...optional('Values', best.values && valuesText({ values: best.values })),
    ['Best trial', `${best.trial} at step ${best.step}`],
    ['Parameters', parameterList(best.parameters, searchedParameters(experiment))],
    ...optional('Checkpoint', best.checkpoint?.uri),
    ...optional('Metrics', best.csv),
  ];
}

function trialFields(row: TrialRow, experiment: Experiment): Fields {
  const { status, spec } = row.trial;
  const { artifacts } = status ?? {};
  const { metric } = mainObjective(experiment.spec);
  const epochs = row.epochs === undefined ? '' : ` of ${row.epochs}`;
  return [
    ['Name', row.name],
    ['Experiment', experiment.metadata.name],
    ['Configuration', `${spec.configuration}, replicate ${spec.replicate}`],
    ['Phase', { text: row.phase, style: phaseStyle(row.phase) }],
    ...optional('Reason', status?.reason),
    ...optional('Message', status?.message),
    [metric, row.value === undefined ? '-' : formatMetric(row.value)],
    ...(status?.observation?.values ?? [])
      .filter((other) => other.metric !== metric)
      .map((other): [string, Cell] => [other.metric, formatMetric(other.value)]),
    ['Epoch', `${row.epoch}${epochs}`],
    ...optional('Time', row.elapsedMs === undefined ? undefined : formatDuration(row.elapsedMs)),
    ['Parameters', parameterList(spec.parameters, [])],
    ['Algorithm', spec.algorithm],
    ...(status?.attempts ?? []).map((attempt): [string, Cell] => [
      `Attempt ${attempt.number}`,
      [attempt.outcome ?? 'under way', attempt.reason, attempt.message].filter(Boolean).join(', '),
    ]),
    ...(status?.rungs ?? []).map((rung): [string, Cell] => [
      `Rung ${rung.step}`,
      `${typeof rung.value === 'number' ? formatMetric(rung.value) : rung.value}, ${rung.verdict}`,
    ]),
    ...optional('Folder', artifacts?.folder),
    ...optional('Checkpoint', artifacts?.checkpoint?.uri),
    ['Log', `espalier logs ${row.name}`],
  ];
}

function optional(name: string, value: string | undefined): Fields {
  return value === undefined || value === '' ? [] : [[name, value]];
}

function took(start: string | undefined, end: string | undefined): string | undefined {
  const ms = Date.parse(end ?? '') - Date.parse(start ?? '');
  return Number.isNaN(ms) ? undefined : formatDuration(ms);
}
