import { streamOf } from './random.ts';

/** Regrets of both sides by task, paired by seed. */
export type Pairs = ReadonlyMap<string, readonly (readonly [ours: number, theirs: number])[]>;

export interface Comparison {
  readonly ours: number;
  readonly theirs: number;
  /** Of the means over all tasks; above 1 ours is worse. */
  readonly ratio: number;
  /** The ends of its 95 % interval. */
  readonly ratioLow: number;
  readonly ratioHigh: number;
  /** Share of the pairs in which ours is not worse. */
  readonly pBetter: number;
  /** Its lower 95 % bound, one-sided. */
  readonly pBetterLow: number;
  readonly wins: number;
  readonly ties: number;
  readonly losses: number;
}

const RESAMPLES = 1000;

/** Compares two sides by a bootstrap that draws seeds anew within each task. */
export function compare(pairs: Pairs, resamples = RESAMPLES): Comparison {
  const groups = [...pairs.values()];
  const [ours, theirs] = [0, 1].map((side) =>
    meanOf(groups.map((group) => meanOf(group.map((pair) => pair[side] as number)))),
  ) as [number, number];
  const all = groups.flat();
  const wins = all.filter(([a, b]) => a < b).length;
  const ties = all.filter(([a, b]) => a === b).length;
  const next = streamOf('bootstrap');
  const ratios = new Float64Array(resamples);
  const shares = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let [own, other, notWorse] = [0, 0, 0];
    for (const group of groups) {
      for (let i = 0; i < group.length; i++) {
        const [a, b] = group[Math.floor(next() * group.length)] as readonly [number, number];
        own += a / group.length;
        other += b / group.length;
        if (a <= b) notWorse++;
      }
    }
    ratios[r] = own / other;
    shares[r] = notWorse / all.length;
  }
  ratios.sort();
  shares.sort();
  return {
    ...{ ours, theirs, ratio: ours / theirs },
    ratioLow: ratios[Math.floor(0.025 * resamples)] as number,
    ratioHigh: ratios[Math.ceil(0.975 * resamples) - 1] as number,
    pBetter: (wins + ties) / all.length,
    pBetterLow: shares[Math.floor(0.05 * resamples)] as number,
    ...{ wins, ties, losses: all.length - wins - ties },
  };
}

/** The goals of a family: no worse than 5 % in the mean, and no worse in about half of the pairs. */
export function passes({ ratio, pBetterLow }: Comparison): boolean {
  return ratio <= 1.05 && pBetterLow >= 0.45;
}

/**
 * How often two equal searches would pass, which says whether missing the gate means anything: each
 * pair is turned or not by chance, so that neither side can be the better one.
 */
export function powerForEqual(pairs: Pairs, simulations = 200): number {
  const next = streamOf('power');
  let passed = 0;
  for (let s = 0; s < simulations; s++) {
    const turned = [...pairs].map(
      ([task, group]) =>
        [
          task,
          group.map(([a, b]) => (next() < 0.5 ? [a, b] : [b, a]) as [number, number]),
        ] as const,
    );
    if (passes(compare(new Map(turned), 200))) passed++;
  }
  return passed / simulations;
}

/**
 * Tasks in which one side is better by a signed-rank test with Holm's correction at 5 %.
 *
 * @see Wilcoxon, "Individual Comparisons by Ranking Methods" (1945); normal approximation with ties.
 */
export function significantTasks(pairs: Pairs): { better: string[]; worse: string[] } {
  const tests = [...pairs].map(([task, group]) => ({ task, ...signedRank(group) }));
  tests.sort((a, b) => a.p - b.p);
  const better: string[] = [];
  const worse: string[] = [];
  for (const [i, { task, p, isBetter }] of tests.entries()) {
    if (p * (tests.length - i) > 0.05) break;
    (isBetter ? better : worse).push(task);
  }
  return { better, worse };
}

function signedRank(group: readonly (readonly [number, number])[]) {
  const gaps = group.map(([a, b]) => b - a).filter((gap) => gap !== 0);
  const sorted = gaps.toSorted((a, b) => Math.abs(a) - Math.abs(b));
  let statistic = 0;
  let variance = 0;
  for (let from = 0; from < sorted.length; ) {
    let to = from;
    while (
      to < sorted.length &&
      Math.abs(sorted[to] as number) === Math.abs(sorted[from] as number)
    )
      to++;
    const rank = (from + 1 + to) / 2;
    for (let i = from; i < to; i++) {
      statistic += Math.sign(sorted[i] as number) * rank;
      variance += rank * rank;
    }
    from = to;
  }
  const z = variance === 0 ? 0 : Math.abs(statistic) / Math.sqrt(variance);
  return { p: twoSided(z), isBetter: statistic > 0 };
}

/** Twice the upper tail of the normal distribution (Abramowitz and Stegun, 26.2.17). */
function twoSided(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = series.reduceRight((total, c) => (total + c) * t, 0);
  return (2 * Math.exp(-0.5 * z * z) * sum) / Math.sqrt(2 * Math.PI);
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
