/** Twelve colours that stay apart, also for most who see colours differently (after Paul Tol). */
const CLASS_COLOURS = [
  '#332288',
  '#e6550d',
  '#117733',
  '#cc3311',
  '#33a1d4',
  '#ddaa33',
  '#aa3377',
  '#44aa99',
  '#882255',
  '#7f7f7f',
  '#999933',
  '#0b3d91',
];

/** The colour of class `index`; after twelve they come again. */
export function classColour(index: number): string {
  return CLASS_COLOURS[index % CLASS_COLOURS.length] ?? '#000000';
}

/** Stops of a dark to light scale whose lightness rises evenly (after matplotlib's viridis). */
const STOPS: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [59, 82, 139],
  [33, 145, 140],
  [94, 201, 98],
  [253, 231, 37],
];

/** The colour for a share in 0 to 1. */
export function heatColour(share: number): string {
  const place = Math.min(Math.max(share, 0), 1) * (STOPS.length - 1);
  const index = Math.min(Math.floor(place), STOPS.length - 2);
  const [low = [0, 0, 0], high = [0, 0, 0]] = [STOPS[index], STOPS[index + 1]];
  const mixed = low.map((value, i) =>
    Math.round(value + ((high[i] ?? 0) - value) * (place - index)),
  );
  return `rgb(${mixed.join(',')})`;
}
