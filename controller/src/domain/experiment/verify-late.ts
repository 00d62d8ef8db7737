/** Entries that share their order, of which some may have been written late; older ones were not. */
const MOST_LATE = 8;

/**
 * Whether a verdict follows if entries that share their order had not been written yet when it was made.
 * A leader that loses its lease while a write is under way leaves such an entry: until it arrives, the
 * successor gives its order to another one and judges the next ones without it.
 *
 * @param seen All entries of lower order, by ascending order.
 * @param follows Whether the verdict follows from these.
 */
export function followsWithoutLate<T>(
  seen: readonly T[],
  orderOf: (entry: T) => number,
  follows: (entries: readonly T[]) => boolean,
): boolean {
  const orders = new Map<number, number>();
  for (const one of seen) orders.set(orderOf(one), (orders.get(orderOf(one)) ?? 0) + 1);
  const late = seen.filter((one) => (orders.get(orderOf(one)) ?? 0) > 1).slice(-MOST_LATE);
  const holds = (...hidden: readonly T[]) => {
    const rest = seen.filter((one) => !hidden.includes(one));
    // Of each order somebody was seen, or the next one would not have been given.
    const left = new Set(rest.map(orderOf));
    return hidden.every((one) => left.has(orderOf(one))) && follows(rest);
  };
  // Two, if two leaders in a row were deposed like that.
  return late.some((one, i) => late.slice(i).some((other) => holds(one, other)));
}
