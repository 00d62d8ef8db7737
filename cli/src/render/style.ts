import { styleText } from 'node:util';

/** What a piece of text means; the colours are chosen in one place. */
export type Style =
  | 'good'
  | 'bad'
  | 'warning'
  | 'active'
  | 'quiet'
  | 'strong'
  | 'heading'
  | 'plain';

/** Adds colour to text that has its final width, or returns it as it is. */
export type Paint = (style: Style, text: string) => string;

const FORMATS = {
  good: 'green',
  bad: 'red',
  warning: 'yellow',
  active: 'cyan',
  quiet: 'dim',
  strong: 'bold',
  heading: ['bold', 'underline'],
} as const;

export const NO_PAINT: Paint = (_style, text) => text;

export const COLOUR_PAINT: Paint = (style, text) => {
  if (style === 'plain' || text.trim() === '') return text;
  return styleText([FORMATS[style]].flat(), text, { validateStream: false });
};

/** The environment variables that decide about colour. */
export interface ColourEnvironment {
  readonly FORCE_COLOR?: string | undefined;
  readonly NO_COLOR?: string | undefined;
  readonly TERM?: string | undefined;
}

/**
 * Whether to colour a stream: FORCE_COLOR decides first, then NO_COLOR, a dumb terminal, and at last
 * whether it is a terminal at all.
 */
export function wantsColour(env: ColourEnvironment, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no, TERM: term } = env;
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (no !== undefined && no !== '') return false;
  return isTerminal && term !== 'dumb';
}
