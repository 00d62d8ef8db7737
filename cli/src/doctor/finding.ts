/** One line of `doctor`: what was looked at, how it is, and what to do. */
export interface Finding {
  readonly what: string;
  /** `hidden`: nobody with these rights can tell. */
  readonly state: 'ok' | 'bad' | 'hidden';
  readonly detail: string;
  /** What to do about it, one command or sentence each. */
  readonly todo?: readonly string[];
}

export const ok = (what: string, detail: string): Finding => ({ what, state: 'ok', detail });

export const bad = (what: string, detail: string, ...todo: readonly string[]): Finding => ({
  what,
  state: 'bad',
  detail,
  todo,
});

export const hidden = (what: string, detail: string, ...todo: readonly string[]): Finding => ({
  what,
  state: 'hidden',
  detail,
  todo,
});
