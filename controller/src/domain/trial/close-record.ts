import { type FeedFold, foldEnd } from './feed-fold.ts';
import { viewOf } from './feed-trajectory.ts';

/**
 * The fold of an attempt's record as all there is of the trial, for the attempt has ended; undefined if
 * it knows less than was heard: it has a gap, ends earlier, or holds nothing.
 *
 * A record has the points of the whole trajectory, those of earlier attempts included, so it stands
 * alone (G7).
 *
 * @param record Every point folded as one of `attempt`.
 */
export function closeRecord(
  record: FeedFold,
  heard: FeedFold,
  attempt: number,
): FeedFold | undefined {
  const own = record.attempts.get(attempt);
  const last = own?.seen.highest;
  if (own === undefined || last === undefined) return undefined;
  const live = heard.attempts.get(attempt);
  const heardTo = Math.max(live?.seen.highest ?? -1, live?.finished?.lastSeq ?? -1);
  if (last < heardTo || !viewOf(record, attempt).isWhole) return undefined;
  own.epochs = live?.epochs;
  foldEnd(record, attempt);
  return record;
}
