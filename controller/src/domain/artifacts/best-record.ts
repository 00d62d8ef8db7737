import { type BestTrial, experimentStatusSchema } from '@espalier/api';
import type { Goal } from '@espalier/search';
import { areBetter, valuesOfBest } from '../experiment/goals.ts';
import { compareMeasured } from '../experiment/measured.ts';

const schema = experimentStatusSchema.shape.best;

/**
 * Whether the stored `best.json` comes before `next` and so must stay: the record is monotone in the
 * objective, also under a leader that does not know yet that it was replaced (G8).
 *
 * @param stored The text in the store; one that is no record of a best gives way.
 */
export function staysBest(
  goals: readonly Goal[],
  stored: string,
  next: Pick<BestTrial, 'value' | 'values' | 'configuration' | 'replicates' | 'confirmed'>,
): boolean {
  const known = parseBest(stored);
  if (known === undefined) return false;
  const measured = compareMeasured(known, next);
  if (measured !== 0) return measured > 0;
  const [values, others] = [valuesOfBest(known), valuesOfBest(next)];
  if (areBetter(goals, values, others)) return true;
  return !areBetter(goals, others, values) && known.configuration < next.configuration;
}

function parseBest(text: string): BestTrial | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
