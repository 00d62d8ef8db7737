import { type Rung, TRIAL_REASON, type Trial } from '@espalier/api';
import type { PopulationEntry } from '@espalier/search';
import { followsWithoutLate } from '../experiment/verify-late.ts';
import type { Difference } from '../experiment/verify-result.ts';
import type { VerdictCheckOptions, VerdictFinding } from '../experiment/verify-verdicts.ts';
import { rungValue } from '../trial/rungs.ts';
import { othersAt } from './judge-member.ts';
import { memberMilestones } from './population.ts';
import { isPoorMember, type PopulationRecord } from './verify-members.ts';

type Differences = Omit<Difference, 'trial' | 'index'>[];

interface Arrival {
  readonly trial: Trial;
  readonly rung: Rung;
  readonly place: number;
}

/** Recomputes every judgement on a member, from the arrivals of lower number at whatever milestone. */
export function checkJudgements(
  record: PopulationRecord,
  options: VerdictCheckOptions,
): { readonly findings: readonly VerdictFinding[]; readonly sharedOrders: number } {
  const trials = record.progress.all();
  const findings: VerdictFinding[] = [];
  const orders = new Set<number>();
  let [sharedOrders, next] = [0, 0];
  let isLost = false;
  for (const arrival of arrivalsOf(trials)) {
    const { trial, rung } = arrival;
    const what = `verdict at ${rung.step}`;
    const differences: Differences = [];
    const isShared = orders.has(rung.order);
    if (isShared) sharedOrders += 1;
    orders.add(rung.order);
    const isOrderWrong = isShared ? options.oneController : rung.order !== next;
    if (isOrderWrong && options.hasMissing && !isShared) isLost = true;
    else if (isOrderWrong) {
      const order = { recorded: String(rung.order), recomputed: String(next) };
      differences.push({ what: `order at ${rung.step}`, ...order });
    }
    next = rung.order + 1;
    if (isLost) {
      const message = 'an entry of lower order was deleted with its Trial';
      const unknown = { reason: 'TrialsMissing', message } as const;
      findings.push({ trial, what, finding: { differences, unknown } });
      continue;
    }
    differences.push(...problemsOf(record, arrival, options));
    findings.push({ trial, what, finding: { differences } });
  }
  return { findings: [...findings, ...trials.flatMap(reasonProblem)], sharedOrders };
}

function arrivalsOf(trials: readonly Trial[]): readonly Arrival[] {
  return trials
    .flatMap((trial) => (trial.status?.rungs ?? []).map((rung, place) => ({ trial, rung, place })))
    .sort((a, b) => a.rung.order - b.rung.order);
}

function problemsOf(
  record: PopulationRecord,
  { trial, rung, place }: Arrival,
  { oneController }: VerdictCheckOptions,
): Differences {
  const recorded = rung.spared === true ? `${rung.verdict} (spared)` : rung.verdict;
  const problem = (recomputed: string): Differences => [
    { what: `verdict at ${rung.step}`, recorded, recomputed },
  ];
  const before = (trial.status?.rungs ?? []).slice(0, place);
  if (!memberMilestones(record.population, trial.spec).includes(rung.step)) {
    return problem(`none: it has no milestone at ${rung.step}`);
  }
  if (before.some(({ step }) => step === rung.step)) return problem('none: judged before');
  const end = before.find(({ verdict }) => verdict === 'stop');
  if (end !== undefined) return problem(`none: stopped at ${end.step}`);
  const isPoorAmong = (some: readonly PopulationEntry[]) => {
    const others = othersAt(some, rung, trial.spec.index);
    return !Number.isFinite(rungValue(rung)) || isPoorMember(record, others, rungValue(rung));
  };
  const isPoor = isPoorAmong(record.entries);
  if (isRight(rung, isPoor)) return [];
  const seen = record.entries.filter(({ order }) => order < rung.order);
  const follows = (rest: readonly PopulationEntry[]) => isRight(rung, isPoorAmong(rest));
  if (!oneController && followsWithoutLate(seen, ({ order }) => order, follows)) return [];
  return problem(isPoor ? 'stop' : 'continue');
}

/** A poor member may be spared, and says so; nobody else. One that diverged is not. */
function isRight(rung: Rung, isPoor: boolean): boolean {
  if (!isPoor) return rung.verdict === 'continue' && rung.spared !== true;
  if (rung.verdict === 'stop') return rung.spared !== true;
  return rung.verdict === 'continue' && rung.spared === true && Number.isFinite(rungValue(rung));
}

/** A Trial that says it gave its place away has a verdict that says so. */
function reasonProblem(trial: Trial): readonly VerdictFinding[] {
  const { reason, rungs = [] } = trial.status ?? {};
  if (reason !== TRIAL_REASON.exploited) return [];
  if (rungs.some(({ verdict }) => verdict === 'stop')) return [];
  const recomputed = 'none: no verdict stops it';
  const differences = [{ what: 'reason', recorded: reason, recomputed }];
  return [{ trial, what: 'reason', finding: { differences } }];
}
