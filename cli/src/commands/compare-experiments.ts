import { type Experiment, isTerminalTrial, mainObjective, type Trial } from '@espalier/api';
import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatOf, print, tableOptions, withHidden } from '../output.ts';
import { findRecord } from '../record.ts';
import { formatDuration } from '../render/duration.ts';
import { formatMetric } from '../render/number.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { parameterRecord } from '../view/parameters.ts';
import { type SpecDifference, specDifferences } from '../view/spec-differences.ts';
import type { CompareOptions } from './compare.ts';

interface Compared {
  readonly experiment: Experiment;
  readonly ended: number;
  readonly failed: number;
  /** Of all attempts, as far as they have ended. */
  readonly computeMs: number;
  /** Of the trial that has the best value: so many were begun before it. */
  readonly foundAt: number | undefined;
}

/** Shows Experiments beside each other: how they stand, and in what they differ. */
export async function compareExperiments(
  surroundings: Surroundings,
  names: readonly string[],
  options: CompareOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const all: Compared[] = [];
  for (const name of names) {
    const { experiment, trials } = await findRecord(surroundings, name, options);
    all.push(comparedOf(experiment, trials));
  }
  const experiments = all.map(({ experiment }) => experiment);
  const differences = specDifferences(experiments);
  await print(stdout, formatOf(options), {
    document: () => ({ experiments: all.map(documentOf), differences }),
    names: () => experiments.map(({ metadata }) => `experiment.espalier.dev/${metadata.name}`),
    table: () => {
      const width = tableOptions(stdout);
      return withHidden(renderTable(COLUMNS, all.map(rowOf), width), stdout);
    },
  });
  if (formatOf(options) !== 'table' && formatOf(options) !== 'wide') return EXIT.ok;
  if (differences.length > 0) {
    writeLines(stdout, ['', ...differenceLines(experiments, differences, stdout)]);
  }
  const goals = new Set(experiments.map(({ spec }) => goalText(spec)));
  if (goals.size > 1) {
    const text = `they optimise different things: ${[...goals].join(', ')}`;
    stderr.write(`${stderr.paint('warning', text)}\n`);
  }
  return EXIT.ok;
}

function comparedOf(experiment: Experiment, trials: readonly Trial[]): Compared {
  const best = experiment.status?.best;
  const found = trials.find(({ metadata }) => metadata.name === best?.trial);
  const attempts = trials.flatMap(({ status }) => status?.attempts ?? []);
  return {
    experiment,
    ended: trials.filter(({ status }) => isTerminalTrial(status?.phase)).length,
    failed: trials.filter(({ status }) => status?.phase === 'Failed').length,
    computeMs: attempts
      .map(({ startTime = '', endTime = '' }) => Date.parse(endTime) - Date.parse(startTime))
      .filter((ms) => ms > 0)
      .reduce((sum, ms) => sum + ms, 0),
    foundAt: found?.spec.index,
  };
}

const COLUMNS: readonly Column[] = [
  { header: 'EXPERIMENT' },
  { header: 'PHASE' },
  { header: 'ALGORITHM', dropRank: 2 },
  { header: 'ENDED', align: 'right' },
  { header: 'FAILED', align: 'right', dropRank: 3 },
  { header: 'BEST', align: 'right' },
  { header: '95 % INTERVAL', align: 'right', dropRank: 4 },
  { header: 'OBJECTIVE', dropRank: 1 },
  { header: 'FOUND AT', align: 'right', dropRank: 5 },
  { header: 'COMPUTE', align: 'right', dropRank: 6 },
];

function rowOf({ experiment, ended, failed, computeMs, foundAt }: Compared): readonly Cell[] {
  const { metadata, spec, status } = experiment;
  const { best } = status ?? {};
  const range = best?.interval;
  return [
    metadata.name,
    status?.phase ?? 'Pending',
    spec.search.algorithm,
    String(ended),
    String(failed),
    best === undefined ? '-' : formatMetric(best.value),
    range === undefined ? '-' : `${formatMetric(range.low)} .. ${formatMetric(range.high)}`,
    goalText(spec),
    foundAt === undefined ? '-' : String(foundAt),
    formatDuration(computeMs),
  ];
}

function goalText(spec: Experiment['spec']): string {
  const { goal, metric } = mainObjective(spec);
  return `${goal} ${metric}`;
}

function documentOf({ experiment, ended, failed, computeMs, foundAt }: Compared): object {
  const { metadata, spec, status } = experiment;
  const { best } = status ?? {};
  const { metric, goal } = mainObjective(spec);
  return {
    experiment: metadata.name,
    namespace: metadata.namespace,
    phase: status?.phase ?? 'Pending',
    metric,
    goal,
    ended,
    failed,
    computeSeconds: computeMs / 1000,
    best: best && {
      trial: best.trial,
      index: foundAt,
      value: best.value,
      interval: best.interval,
      replicates: best.replicates,
      parameters: parameterRecord(best.parameters),
    },
  };
}

function differenceLines(
  experiments: readonly Experiment[],
  differences: readonly SpecDifference[],
  stdout: Surroundings['stdout'],
): readonly string[] {
  const columns = [
    { header: 'DIFFERENT IN' },
    ...experiments.map(({ metadata }) => ({ header: metadata.name })),
  ];
  const rows = differences.map(({ field, values }) => [field, ...values.map(shown)]);
  return renderTable(columns, rows, tableOptions(stdout)).lines;
}

function shown(value: unknown): string {
  if (value === undefined) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
