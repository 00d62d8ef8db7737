import { type Experiment, LIMITS, type ParetoEntry, type ParetoStatus } from '@espalier/api';
import { crowdingDistances, lossesOf } from '@espalier/search';
import { omitUndefined } from '../same.ts';
import { namedValues } from './best.ts';
import { goalsOf } from './goals.ts';
import type { BestConfiguration } from './leaders.ts';
import type { ExperimentProgress } from './progress.ts';

/** Of all entries together, whatever their parameters: a status must stay far below a request's limit. */
const MOST_CHARACTERS = 65_536;

/**
 * The Pareto front as status shows it: at most 50 entries and 64 KiB of text, of more those that are farthest
 * apart, the ends of each objective first; `undefined` with one objective, or none yet.
 */
export function paretoOf(
  { spec }: Experiment,
  progress: Readonly<ExperimentProgress>,
): ParetoStatus | undefined {
  const { pareto } = progress;
  if (spec.objectives === undefined || pareto.length === 0) return undefined;
  const goals = goalsOf(spec);
  const distances = crowdingDistances(pareto.map(({ values = [] }) => lossesOf(goals, values)));
  const order = [...pareto.keys()].sort(
    (a, b) => (distances[b] as number) - (distances[a] as number) || a - b,
  );
  const shown = new Map<number, ParetoEntry>();
  let characters = 0;
  for (const at of order.slice(0, LIMITS.pareto)) {
    const entry = entryOf(spec, pareto[at] as BestConfiguration);
    characters += JSON.stringify(entry).length;
    if (characters > MOST_CHARACTERS) break;
    shown.set(at, entry);
  }
  const front = [...shown].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  return { size: pareto.length, front };
}

function entryOf(
  spec: Experiment['spec'],
  { number, values = [], trial }: BestConfiguration,
): ParetoEntry {
  const checkpoint = trial.status?.artifacts?.checkpoint;
  return omitUndefined({
    trial: trial.metadata.name,
    configuration: number,
    values: namedValues(spec, values),
    parameters: trial.spec.parameters,
    checkpoint: checkpoint && { uri: checkpoint.uri, sha256: checkpoint.sha256 },
  });
}
