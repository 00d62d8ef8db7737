import { RandomStream } from '../random/stream.ts';
import { type ColourChange, changeColours } from './colour-jitter.ts';
import { IDENTITY, type Matrix, multiply, rotation, scaling, shear, warp } from './warp.ts';

/** Changes that leave an image's class alone, in the order in which they act. */
export const AUGMENTATIONS = ['flip', 'rotate', 'affine', 'crop', 'jitter'] as const;
export type Augmentation = (typeof AUGMENTATIONS)[number];

/** What a strength of 1 means; every range grows with the strength. */
const MAX_TURN = Math.PI / 12;
const MAX_SHIFT = 0.1;
const MAX_ZOOM = 0.1;
const MAX_SHEAR = 0.15;
const MIN_CROP_SIDE = 0.8;
const MAX_COLOUR_CHANGE = 0.2;

/** Which changes a run makes. */
export interface AugmentSettings {
  readonly seed: number;
  /** Names of {@link AUGMENTATIONS} with commas between, or `none`. */
  readonly augment: string;
  readonly augmentStrength: number;
}

/** Changes the RGB bytes of one image in place. */
export type Augmenter = (pixels: Uint8Array, side: number, epoch: number, image: number) => void;

/**
 * The changes that `settings` name, drawn anew for every epoch and image by the seed alone, so that
 * neither workers nor a resumed run nor another batch size alter them.
 *
 * @param purpose Tells apart what the same epoch and image are drawn for.
 * @returns undefined if there is nothing to change.
 */
export function augmenter(settings: AugmentSettings, purpose = 'augment'): Augmenter | undefined {
  const chosen = parseAugment(settings.augment);
  if (chosen.length === 0) return undefined;
  const { seed, augmentStrength } = settings;
  return (pixels, side, epoch, image) => {
    let matrix = IDENTITY;
    let colours: ColourChange | undefined;
    for (const name of chosen) {
      // A stream for each, so that adding one change does not alter the others.
      const random = new RandomStream(seed, `${purpose}-${name}`, epoch, image);
      if (name === 'jitter') colours = drawColours(random, augmentStrength);
      else matrix = multiply(matrix, DRAWS[name](random, augmentStrength));
    }
    if (matrix !== IDENTITY) warp(pixels, side, matrix);
    if (colours !== undefined) changeColours(pixels, colours);
  };
}

/** The augmentations of a list such as `flip,rotate`, in their own order. */
export function parseAugment(list: string): Augmentation[] {
  if (list === 'none' || list === '') return [];
  const names = new Set(list.split(',').map((name) => name.trim()));
  return AUGMENTATIONS.filter((name) => names.has(name));
}

/** In coordinates from -1 to 1, from the new image to the old one. */
const DRAWS: Record<
  Exclude<Augmentation, 'jitter'>,
  (random: RandomStream, strength: number) => Matrix
> = {
  flip: (random) => (random.uniform() < 0.5 ? IDENTITY : scaling(-1, 1)),

  rotate: (random, strength) => rotation(within(random, MAX_TURN * strength)),

  affine(random, strength) {
    const zoom = Math.exp(within(random, MAX_ZOOM * strength));
    const moved: Matrix = [
      zoom,
      0,
      2 * within(random, MAX_SHIFT * strength),
      0,
      zoom,
      2 * within(random, MAX_SHIFT * strength),
    ];
    return multiply(moved, shear(within(random, MAX_SHEAR * strength)));
  },

  crop(random, strength) {
    const least = Math.max(0.1, 1 - (1 - MIN_CROP_SIDE) * strength);
    const side = least + (1 - least) * random.uniform();
    return [side, 0, within(random, 1 - side), 0, side, within(random, 1 - side)];
  },
};

function drawColours(random: RandomStream, strength: number): ColourChange {
  const factor = (): number => Math.max(0, 1 + within(random, MAX_COLOUR_CHANGE * strength));
  return { brightness: factor(), contrast: factor(), saturation: factor() };
}

function within(random: RandomStream, bound: number): number {
  return (2 * random.uniform() - 1) * bound;
}
