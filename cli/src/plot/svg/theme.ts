import type { ClassTone, Colour, Tone } from '../figure.ts';

/** `auto` follows what the reader's system prefers, where a browser shows the picture. */
export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

type Palette = Readonly<Record<Tone | 'ink' | 'muted' | 'grid' | 'ground', string>> & {
  /** From worst to best. */
  readonly worth: readonly string[];
  /** Of classes; after Paul Tol, and with a contrast of at least 3 to the ground. */
  readonly classes: readonly string[];
};

/** Tones stay apart for most who see colours differently; text has a contrast of at least 4.5. */
const LIGHT: Palette = {
  ground: '#ffffff',
  ink: '#1f2530',
  muted: '#5b6573',
  grid: '#e5e8ec',
  accent: '#2f6db5',
  contrast: '#c4500c',
  good: '#2e7d43',
  bad: '#b8322a',
  warning: '#a86a12',
  quiet: '#6f7988',
  worth: [
    '#c6ccd5',
    '#cbd5e3',
    '#b0c5e2',
    '#8fb0dc',
    '#6b98d2',
    '#4a80c4',
    '#2f6ab2',
    '#1c5499',
    '#0d3f7c',
  ],
  classes: [
    '#332288',
    '#c4500c',
    '#117733',
    '#b8322a',
    '#2a7fb8',
    '#8a6d00',
    '#aa3377',
    '#2f8f83',
    '#882255',
    '#6b7280',
    '#6b7a1f',
    '#0b5fd1',
  ],
};

const DARK: Palette = {
  ground: '#14181f',
  ink: '#e6e9ee',
  muted: '#9ea9b8',
  grid: '#2b323d',
  accent: '#6aa9f0',
  contrast: '#ff9d57',
  good: '#5fc27e',
  bad: '#ff7b72',
  warning: '#e3b341',
  quiet: '#8b96a6',
  worth: [
    '#485363',
    '#33445a',
    '#375275',
    '#3d6290',
    '#4674ab',
    '#5488c6',
    '#6a9edd',
    '#8bb7ee',
    '#b4d2fa',
  ],
  classes: [
    '#a99cf0',
    '#ff9d57',
    '#5fc27e',
    '#ff7b72',
    '#6ac3f0',
    '#e3c341',
    '#f08cc0',
    '#5fd3c4',
    '#d070a0',
    '#aab4c2',
    '#c5cf6a',
    '#7fa6f5',
  ],
};

/** The colour of the class at `place` of all of them. */
export function classTone(place: number): ClassTone {
  return `class-${place % LIGHT.classes.length}`;
}

/** The class that gives an element its colour, as `currentColor`. */
export function colourClass(colour: Colour): string {
  if (typeof colour === 'string') return `c-${colour}`;
  const last = LIGHT.worth.length - 1;
  return `w${Math.round(Math.min(Math.max(colour, 0), 1) * last)}`;
}

/** Rules for every class that pictures use. */
export function themeCss(theme: Theme): string {
  if (theme === 'light') return rules(LIGHT);
  if (theme === 'dark') return rules(DARK);
  return `${rules(LIGHT)}\n@media (prefers-color-scheme: dark) {\n${rules(DARK)}\n}`;
}

function rules({ worth, classes, ...tones }: Palette): string {
  const variables = Object.entries(tones).map(([tone, colour]) => `--${tone}: ${colour};`);
  return [
    `:root { ${variables.join(' ')} }`,
    ...Object.entries(tones).map(([tone, colour]) => `.c-${tone} { color: ${colour}; }`),
    ...worth.map((colour, place) => `.w${place} { color: ${colour}; }`),
    ...classes.map((colour, place) => `.c-class-${place} { color: ${colour}; }`),
  ].join('\n');
}
