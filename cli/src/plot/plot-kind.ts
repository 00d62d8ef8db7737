/** The pictures that `espalier plot` makes; apart from what draws them, so that help stays quick. */
export const PLOT_KINDS = [
  'history',
  'curves',
  'parallel',
  'importance',
  'slice',
  'timeline',
  'pareto',
  'grad-norm',
] as const;
export type PlotKind = (typeof PLOT_KINDS)[number];

export const PICTURE_FORMATS = ['svg', 'png', 'html'] as const;
export type PictureFormat = (typeof PICTURE_FORMATS)[number];
