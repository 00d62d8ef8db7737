import { type AttemptFold, type FeedFold, isComplete } from './feed-fold.ts';
import type {
  AttemptProgress,
  FeedView,
  FoldInterest,
  MetricEnds,
  MilestoneValue,
  ObjectiveValue,
} from './feed-view.ts';
import { isBetter, type TrackedValue } from './value-track.ts';

/** The first value at a milestone, and whether its own attempt tells that there is none before it. */
interface Passed {
  readonly value: TrackedValue;
  readonly isSure: boolean;
}

/** The trajectory that survives: of each attempt, what no later one did over again. */
export function viewOf(fold: FeedFold, currentAttempt: number): FeedView {
  const { goal, others = [] } = fold.interest;
  const further = others.map((): { best?: TrackedValue; last?: TrackedValue } => ({}));
  const descending = [...fold.attempts.keys()].sort((a, b) => b - a);
  const passed: (Passed | undefined)[] = [];
  let best: TrackedValue | undefined;
  let last: TrackedValue | undefined;
  let epochs: number | undefined;
  let missing = Number.POSITIVE_INFINITY;
  let cut = Number.POSITIVE_INFINITY;
  for (const number of descending) {
    const attempt = fold.attempts.get(number) as AttemptFold;
    const values = attempt.track.before(cut);
    // Earlier attempts come later in this loop and have lower seq, so they win ties and lose `last`.
    best = earlierBest(goal, best, values.best);
    last ??= values.last;
    for (const [i, ends] of further.entries()) {
      const other = attempt.others[i]?.before(cut);
      const better = earlierBest(others[i]?.goal ?? goal, ends.best, other?.best);
      if (better !== undefined) ends.best = better;
      const latest = ends.last ?? other?.last;
      if (latest !== undefined) ends.last = latest;
    }
    epochs ??= attempt.epochs;
    for (const [position, value] of attempt.milestones.entries()) {
      if (value === undefined || value.seq >= cut) continue;
      passed[position] = { value, isSure: isSure(attempt, value, fold, position) };
    }
    missing = Math.min(missing, firstMissing(attempt, cut));
    cut = Math.min(cut, beginning(attempt) ?? cut);
  }
  const earliest = fold.attempts.get(descending.at(-1) ?? 0);
  if (earliest !== undefined && !knowsBeginning(descending.at(-1), earliest)) missing = 0;
  const current = fold.attempts.get(currentAttempt);
  const isWhole = missing === Number.POSITIVE_INFINITY;
  return {
    points: fold.points,
    lastStep: fold.lastStep,
    lastEpoch: fold.lastEpoch,
    milestones: fold.interest.milestones.flatMap((milestone, position): MilestoneValue[] => {
      const at = passed[position];
      if (at === undefined || !(at.isSure || at.value.seq < missing)) return [];
      return [{ milestone, value: at.value.value }];
    }),
    latest: Object.fromEntries([...fold.latest].map(([name, { value }]) => [name, value])),
    isWhole,
    complete: current !== undefined && (current.ended || (isWhole && isComplete(current))),
    ...(epochs === undefined ? {} : { epochs }),
    ...(others.length === 0 ? {} : { others: further.map(endsOf) }),
    ...(best === undefined ? {} : { best: objective(best) }),
    ...(last === undefined ? {} : { last: objective(last) }),
    ...(current?.firstReportMs === undefined ? {} : { firstReportMs: current.firstReportMs }),
    ...(current?.lastReportMs === undefined ? {} : { lastReportMs: current.lastReportMs }),
  };
}

/** How much of an attempt's reports is there, so that its trainer can send what is missing. */
export function progressOf(fold: FeedFold, attempt: number): AttemptProgress {
  const known = fold.attempts.get(attempt);
  // Without its first line nobody knows where an attempt begins, unless it is the trial's beginning.
  const firstSeq = known?.firstSeq ?? 0;
  return {
    contiguousTo: known?.seen.contiguousFrom(firstSeq) ?? -1,
    hasStarted: known?.firstSeq !== undefined,
    hasFinished: known?.finished !== undefined,
  };
}

function beginning({ firstSeq, seen }: AttemptFold): number | undefined {
  return firstSeq ?? seen.lowest;
}

/** The lowest number below `cut` that the attempt must have had and that is not here; else infinite. */
function firstMissing(attempt: AttemptFold, cut: number): number {
  const first = beginning(attempt);
  // What is not in a file that was read to its end was never written.
  if (first === undefined || attempt.ended) return Number.POSITIVE_INFINITY;
  const reach = attempt.seen.contiguousFrom(first) ?? first - 1;
  const needed = cut === Number.POSITIVE_INFINITY ? (attempt.seen.highest ?? reach) : cut - 1;
  return reach < needed ? reach + 1 : Number.POSITIVE_INFINITY;
}

/** Whether nothing of the trial came before the earliest attempt that was heard of. */
function knowsBeginning(number: number | undefined, attempt: AttemptFold): boolean {
  if (attempt.ended || (beginning(attempt) ?? 0) === 0) return true;
  return number === 0 && attempt.firstSeq !== undefined;
}

/** Whether the attempt itself went past the milestone, with all its points up to there. */
function isSure(
  attempt: AttemptFold,
  value: TrackedValue,
  { interest }: FeedFold,
  position: number,
): boolean {
  if (attempt.fromResource >= (interest.milestones[position] as number)) return false;
  const reach = attempt.seen.contiguousFrom(beginning(attempt) ?? 0);
  return attempt.ended || (reach !== undefined && reach >= value.seq);
}

/** The better one; of equal ones `earlier`, which is of an attempt before. */
function earlierBest(
  goal: FoldInterest['goal'],
  best: TrackedValue | undefined,
  earlier: TrackedValue | undefined,
): TrackedValue | undefined {
  if (earlier === undefined) return best;
  return isBetter(goal, best?.value ?? Number.NaN, earlier.value) ? best : earlier;
}

function endsOf({ best, last }: { best?: TrackedValue; last?: TrackedValue }): MetricEnds {
  return {
    ...(best === undefined ? {} : { best: objective(best) }),
    ...(last === undefined ? {} : { last: objective(last) }),
  };
}

function objective({ value, step, epoch }: TrackedValue): ObjectiveValue {
  return { value, step, epoch };
}
