import {
  type ExperimentSpec,
  mainObjective,
  type Rung,
  TRIAL_REASON,
  type Trial,
} from '@espalier/api';
import { decide, type OwnEntry, RungFold, rungMilestones, type StopRule } from '@espalier/search';
import { ownEntry, rungEntry, rungValue, waitingRung } from '../trial/rungs.ts';
import { stopRulesOf } from './stop-rule.ts';
import { followsWithoutLate } from './verify-late.ts';
import { promotionProblem } from './verify-promotions.ts';
import type { Difference, Finding } from './verify-result.ts';

/** A rung entry and where it stands in its Trial's list. */
interface Arrival {
  readonly trial: Trial;
  readonly rung: Rung;
  readonly place: number;
}

export interface VerdictFinding {
  readonly trial: Trial;
  readonly what: string;
  readonly finding: Finding;
}

export interface VerdictCheckOptions {
  /** Whether Trials were deleted by hand, whose entries a verdict may have seen. */
  readonly hasMissing: boolean;
  /** Whether no two entries of a rung can have the same order. */
  readonly oneController: boolean;
}

/**
 * Recomputes every verdict from the entries of lower order at its rung.
 *
 * @returns findings by rung and order, and how many entries share their order with another.
 */
export function checkVerdicts(
  spec: ExperimentSpec,
  trials: readonly Trial[],
  options: VerdictCheckOptions,
): { readonly findings: readonly VerdictFinding[]; readonly sharedOrders: number } {
  const { rules, groupOf } = stopRulesOf(spec);
  const groups = rules.map((rule) => {
    return { rule, milestones: new Set(rungMilestones(rule)), rungs: new Map<number, Arrival[]>() };
  });
  const findings: VerdictFinding[] = [];
  let sharedOrders = 0;
  for (const trial of trials) {
    const group = groups[groupOf(trial.spec.configuration)];
    if (group === undefined) continue;
    const { milestones, rungs } = group;
    for (const [place, rung] of (trial.status?.rungs ?? []).entries()) {
      const problem = placeProblem(trial, place, milestones);
      if (problem !== undefined) {
        const finding = { differences: [problem] };
        findings.push({ trial, what: verdictAt(rung), finding });
        continue;
      }
      const at = rungs.get(rung.step);
      if (at === undefined) rungs.set(rung.step, [{ trial, rung, place }]);
      else at.push({ trial, rung, place });
    }
    const reason = reasonProblem(trial);
    if (reason !== undefined) findings.push(reason);
  }
  const all = groups.flatMap(({ rule, rungs }) => {
    return [...rungs].map(([milestone, arrivals]) => ({ rule, milestone, arrivals }));
  });
  for (const { rule, milestone, arrivals } of all.sort((a, b) => a.milestone - b.milestone)) {
    // Sorting is stable: of equal orders the lower index comes first.
    arrivals.sort((a, b) => a.rung.order - b.rung.order);
    sharedOrders += arrivals.filter(({ rung }, i) => {
      return rung.order === arrivals[i - 1]?.rung.order;
    }).length;
    findings.push(...checkRung({ spec, rule, milestone, arrivals }, options));
  }
  return { findings, sharedOrders };
}

/** All Trials that were judged together at one milestone. */
interface JudgedRung {
  readonly spec: ExperimentSpec;
  readonly rule: StopRule;
  readonly milestone: number;
  /** By ascending order. */
  readonly arrivals: readonly Arrival[];
}

function checkRung(
  judged: JudgedRung,
  { hasMissing, oneController }: VerdictCheckOptions,
): readonly VerdictFinding[] {
  const { spec, rule, milestone, arrivals } = judged;
  const { goal } = mainObjective(spec);
  const fold = new RungFold(rule, goal, milestone);
  const entries = arrivals.map(({ rung }) => rung);
  const findings: VerdictFinding[] = [];
  let isLost = false;
  let waiting: Arrival[] = [];
  let next = 0;
  for (const arrival of arrivals) {
    const { trial, rung } = arrival;
    const { order } = rung;
    const first = waiting[0]?.rung.order;
    const isShared = first === order;
    // Entries of equal order did not see each other.
    if (!isShared) {
      for (const earlier of waiting) fold.add(rungEntry(earlier.rung));
      waiting = [];
    }
    waiting.push(arrival);
    const differences: Omit<Difference, 'trial' | 'index'>[] = [];
    const isOrderWrong = isShared ? oneController : order !== next;
    if (isOrderWrong && hasMissing && !isShared) isLost = true;
    else if (isOrderWrong) {
      const what = `order at ${milestone}`;
      differences.push({ what, recorded: String(order), recomputed: String(next) });
    }
    next = order + 1;
    const what = verdictAt(rung);
    if (isLost) {
      const message = `an entry of lower order at ${milestone} was deleted with its Trial`;
      const unknown = { reason: 'TrialsMissing', message } as const;
      findings.push({ trial, what, finding: { differences, unknown } });
      continue;
    }
    const { kind } = fold.decide(ownOf(spec, arrival));
    const isExplained =
      kind === rung.verdict || (!oneController && isLateExplained(judged, arrival));
    if (!isExplained) differences.push({ what, recorded: rung.verdict, recomputed: kind });
    const promotion = promotionProblem(rule, goal, entries, rung);
    if (promotion !== undefined) differences.push(promotion);
    findings.push({ trial, what, finding: { differences } });
  }
  return findings;
}

function ownOf(spec: ExperimentSpec, { trial, rung, place }: Arrival): OwnEntry {
  const values = (trial.status?.rungs ?? []).slice(0, place + 1).map(rungValue);
  return ownEntry(mainObjective(spec).goal, rung.order, values);
}

/** See {@link followsWithoutLate}. */
function isLateExplained(
  { spec, rule, milestone, arrivals }: JudgedRung,
  arrival: Arrival,
): boolean {
  const { goal } = mainObjective(spec);
  const { rung } = arrival;
  const seen = arrivals.filter((other) => other.rung.order < rung.order);
  const own = ownOf(spec, arrival);
  return followsWithoutLate(
    seen,
    (one) => one.rung.order,
    (rest) => {
      const entries = rest.map((one) => rungEntry(one.rung));
      return decide(rule, goal, { milestone, entries, own }).kind === rung.verdict;
    },
  );
}

/** What is wrong with an entry before any other is looked at. */
function placeProblem(
  { status }: Trial,
  place: number,
  milestones: ReadonlySet<number>,
): Finding['differences'][number] | undefined {
  const rungs = status?.rungs ?? [];
  const { step, verdict } = rungs[place] as Rung;
  const what = `verdict at ${step}`;
  const problem = (recomputed: string) => ({ what, recorded: verdict, recomputed });
  if (!milestones.has(step)) return problem(`none: the rule has no rung at ${step}`);
  const before = rungs.slice(0, place);
  if (before.some((rung) => rung.step === step)) return problem('none: judged before');
  const end = before.find((rung) => rung.verdict === 'stop');
  if (end !== undefined) return problem(`none: stopped at ${end.step}`);
  const pause = waitingRung({ rungs: before });
  return pause === undefined ? undefined : problem(`none: it waits at ${pause.step}`);
}

/** A Trial that says it was stopped early has a verdict that says so, or waited for a promotion. */
function reasonProblem(trial: Trial): VerdictFinding | undefined {
  const { reason, rungs = [] } = trial.status ?? {};
  if (reason !== TRIAL_REASON.earlyStopped) return undefined;
  if (rungs.some(({ verdict }) => verdict === 'stop') || waitingRung({ rungs })) return undefined;
  const recomputed = 'none: no verdict stops it';
  const differences = [{ what: 'reason', recorded: reason, recomputed }];
  return { trial, what: 'reason', finding: { differences } };
}

function verdictAt({ step }: Rung): string {
  return `verdict at ${step}`;
}
