/**
 * The p-values of several tests, adjusted so that a threshold holds for all of them together; in the
 * order in which they came.
 *
 * @see Holm, "A Simple Sequentially Rejective Multiple Test Procedure" (1979).
 */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort(
    (a, b) => (values[a] as number) - (values[b] as number) || a - b,
  );
  const adjusted: number[] = new Array(values.length).fill(1);
  let highest = 0;
  for (const [rank, at] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (values[at] as number) * (values.length - rank)));
    adjusted[at] = highest;
  }
  return adjusted;
}
