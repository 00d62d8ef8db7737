import { mean, meanSquare } from '../statistics/interval.ts';

/**
 * The means of groups, drawn towards the mean of all the more the fewer values a group has: by how much
 * values differ within groups against how much the groups differ.
 *
 * One lucky replicate then ranks behind a mean of many that is nearly as good. While no group has two
 * values nothing is known of the noise, and the means stay as they are.
 *
 * @returns one mean per group, in their order. Groups are not empty.
 * @see Efron, Morris, "Stein's Paradox in Statistics" (1977); here as an empirical Bayes estimate.
 */
export function shrunkenMeans(groups: readonly (readonly number[])[]): number[] {
  const means = groups.map(mean);
  const freedom = groups.reduce((sum, { length }) => sum + length - 1, 0);
  if (freedom === 0 || groups.length < 2) return means;
  const within =
    groups.reduce((sum, values) => sum + meanSquare(values) * (values.length - 1), 0) / freedom;
  // The means scatter by the noise that is left in them as well.
  const left = mean(groups.map(({ length }) => within / length));
  const between = Math.max(0, meanSquare(means) - left);
  const pool = mean(means);
  // Written so that no difference between the groups draws all the way instead of dividing by 0.
  return groups.map(({ length }, i) => {
    const noise = within / length;
    const own = means[i] as number;
    const weight = between + noise === 0 ? 1 : between / (between + noise);
    return pool + (own - pool) * weight;
  });
}
