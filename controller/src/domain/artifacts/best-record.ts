import { type BestTrial, experimentStatusSchema } from '@espalier/api';
import { isBetter } from '../trial/value-track.ts';

const schema = experimentStatusSchema.shape.best;

/**
 * Whether the stored `best.json` comes before `next` and so must stay: the record is monotone in the
 * objective, also under a leader that does not know yet that it was replaced (G8).
 *
 * @param stored The text in the store; one that is no record of a best gives way.
 */
export function staysBest(
  goal: 'maximize' | 'minimize',
  stored: string,
  next: Pick<BestTrial, 'value' | 'configuration'>,
): boolean {
  const known = parseBest(stored);
  if (known === undefined) return false;
  if (known.value === next.value) return known.configuration < next.configuration;
  return isBetter(goal, known.value, next.value);
}

function parseBest(text: string): BestTrial | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
