/** What `espalier trials --sort` accepts. */
export const SORT_KEYS = ['value', 'index', 'state', 'time'] as const;
export type SortKey = (typeof SORT_KEYS)[number];
