import {
  bracketOf,
  bracketRule,
  type HyperbandRule,
  PromotionTable,
  RungFold,
  rungMilestones,
  type StopRule,
} from '@espalier/search';
import type { CurveTask } from './curves.ts';
import { normalFrom, streamOf } from './random.ts';

/** How trials are ended early; `hyperband` spreads them over several rules. */
export type Schedule = StopRule | (HyperbandRule & { readonly kind: 'hyperband' });

interface Member {
  readonly index: number;
  readonly curve: Float64Array;
  /** Of one epoch. */
  readonly duration: number;
  readonly bracket: number;
  epoch: number;
  best: number;
}

/**
 * The least validation loss that anybody saw within a budget of epochs, those of all workers added
 * up: configurations drawn at random without repetition, ended early as a schedule says. A loss that
 * is not finite ends its trial under every schedule.
 */
export function runSchedule(
  schedule: Schedule,
  { curves, epochs }: CurveTask,
  budget: number,
  workers: number,
  seed: number,
): number {
  const order = shuffled(curves.length, seed);
  const next = streamOf(`epochs ${seed}`);
  const durations = order.map(() => Math.exp(0.5 * normalFrom(next)));
  const rules = new Map<number, Rungs>();
  const waiting: Member[] = [];
  const running: (Member & { end: number })[] = [];
  let started = 0;
  let spent = 0;
  let least = Number.POSITIVE_INFINITY;

  const ruleOf = (bracket: number): Rungs => {
    const known = rules.get(bracket);
    if (known !== undefined) return known;
    const rungs = new Rungs(
      schedule.kind === 'hyperband' ? bracketRule(schedule, bracket) : schedule,
    );
    rules.set(bracket, rungs);
    return rungs;
  };
  const takeNext = (): Member | undefined => {
    const promoted = ruleOf(0).promote();
    if (promoted !== undefined) {
      const at = waiting.findIndex(({ index }) => index === promoted);
      return waiting.splice(at, 1)[0];
    }
    const configuration = order[started];
    if (configuration === undefined) return undefined;
    const index = started++;
    const bracket = schedule.kind === 'hyperband' ? bracketOf(schedule, seed, index) : 0;
    return {
      ...{ index, bracket, epoch: 0, best: Number.POSITIVE_INFINITY },
      ...{ curve: curves[configuration] as Float64Array, duration: durations[index] as number },
    };
  };
  const fill = (now: number) => {
    while (running.length < workers) {
      const member = takeNext();
      if (member === undefined) return;
      running.push({ ...member, end: now + member.duration });
    }
  };

  fill(0);
  while (spent < budget && running.length > 0) {
    const trial = running.reduce((a, b) => (b.end < a.end ? b : a));
    const now = trial.end;
    const value = trial.curve[trial.epoch++] as number;
    spent++;
    if (value < least) least = value;
    if (value < trial.best) trial.best = value;
    const verdict = Number.isFinite(value) ? ruleOf(trial.bracket).judge(trial, value) : 'stop';
    if (verdict === 'continue' && trial.epoch < epochs) {
      trial.end = now + trial.duration;
      continue;
    }
    running.splice(running.indexOf(trial), 1);
    if (verdict === 'pause') waiting.push(trial);
    fill(now);
  }
  return least;
}

/** The rungs of one rule as trials arrive. */
class Rungs {
  private readonly folds: ReadonlyMap<number, RungFold>;
  private readonly arrived = new Map<number, number>();
  private readonly promotions: PromotionTable | undefined;

  constructor(rule: StopRule) {
    this.folds = new Map(
      rungMilestones(rule).map((at) => [at, new RungFold(rule, 'minimize', at)]),
    );
    this.promotions = rule.kind === 'promotion' ? new PromotionTable(rule, 'minimize') : undefined;
  }

  judge({ index, epoch, best }: Member, value: number): 'continue' | 'stop' | 'pause' {
    const fold = this.folds.get(epoch);
    if (fold === undefined) return 'continue';
    const order = (this.arrived.get(epoch) ?? 0) + 1;
    this.arrived.set(epoch, order);
    const { kind } = fold.decide({ order, value, best });
    fold.add({ order, value });
    this.promotions?.add(epoch, { index, order, value });
    if (kind === 'pause') this.promotions?.setWaiting(index, epoch);
    return kind;
  }

  /** The number of the paused trial that goes on, if one does. */
  promote(): number | undefined {
    const index = this.promotions?.next(false)?.index;
    if (index !== undefined) this.promotions?.setWaiting(index, undefined);
    return index;
  }
}

function shuffled(count: number, seed: number): readonly number[] {
  const next = streamOf(`order ${seed}`);
  const order = [...Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
