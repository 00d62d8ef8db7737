import { AUGMENTATIONS } from '../data/augment.ts';
import { RESAMPLERS } from '../data/resamplers.ts';
import { LOSSES } from '../loss/loss.ts';
import { UPDATE_RULES } from '../optimise/update-rules.ts';
import { SCHEDULES } from '../schedule/schedule.ts';

interface Described {
  /** For `--help`. */
  readonly help: string;
}

/** A whole number; `least` is allowed. */
interface WholeDefinition extends Described {
  readonly kind: 'whole';
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
}

/** A real number; `above` is not allowed, `least` is. */
interface RealDefinition extends Described {
  readonly kind: 'real';
  readonly fallback: number;
  readonly above?: number;
  readonly least?: number;
  readonly most?: number;
}

interface FlagDefinition extends Described {
  readonly kind: 'flag';
  readonly fallback: boolean;
}

interface ChoiceDefinition<Name extends string = string> extends Described {
  readonly kind: 'choice';
  readonly fallback: Name;
  readonly choices: readonly Name[];
}

/** Some of `choices` with commas between, or `none`. */
interface ListDefinition extends Described {
  readonly kind: 'list';
  readonly fallback: 'none';
  readonly choices: readonly string[];
}

export type ParameterDefinition =
  | ListDefinition
  | WholeDefinition
  | RealDefinition
  | FlagDefinition
  | ChoiceDefinition;

const MANY = 1e9;

function choice<Name extends string>(
  choices: readonly Name[],
  fallback: NoInfer<Name>,
  help: string,
): ChoiceDefinition<Name> {
  return { kind: 'choice', choices, fallback, help };
}

function whole(fallback: number, least: number, help: string, most = MANY): WholeDefinition {
  return { kind: 'whole', fallback, least, most, help };
}

function flag(fallback: boolean, help: string): FlagDefinition {
  return { kind: 'flag', fallback, help };
}

function names<Name extends string>(registry: Record<Name, unknown>): Name[] {
  return Object.keys(registry) as Name[];
}

/** Every parameter of a run, the defaults being those of the recipe. */
export const PARAMETERS = {
  seed: whole(6666, 0, 'decides everything random', 2 ** 53 - 1),
  epochs: whole(8, 1, 'passes over the training set'),
  batchSize: whole(64, 1, 'images per step; the last batch of an epoch may be smaller', 65_536),
  lr: { kind: 'real', fallback: 3e-4, above: 0, help: 'learning rate' },
  optimizer: choice(names(UPDATE_RULES), 'adam', 'update rule'),
  momentum: {
    kind: 'real',
    fallback: 0.9,
    least: 0,
    most: 1,
    help: 'share of the last change that the next one keeps; of momentum only',
  },
  rmspropMomentum: {
    kind: 'real',
    fallback: 0,
    least: 0,
    most: 1,
    help: 'the same for rmsprop',
  },
  weightDecay: { kind: 'real', fallback: 1e-5, least: 0, help: 'factor of the L2 penalty' },
  schedule: choice(names(SCHEDULES), 'constant', 'how the learning rate changes'),
  warmupSteps: whole(0, 0, 'steps in which warmup, warmup-cosine and inverse-sqrt rise'),
  decayFactor: {
    kind: 'real',
    fallback: 0.1,
    above: 0,
    most: 1,
    help: 'factor that step applies every stepEpochs epochs, exponential every epoch',
  },
  stepEpochs: whole(1, 1, 'epochs between two falls of step'),
  minLrFactor: {
    kind: 'real',
    fallback: 0,
    least: 0,
    most: 1,
    help: 'factor on lr at the end of cosine and warmup-cosine',
  },
  maxGradNorm: {
    kind: 'real',
    fallback: 10,
    least: 0,
    help: 'gradients with a larger global norm are scaled down to it; 0 = never',
  },
  loss: choice(names(LOSSES), 'cross-entropy', 'what training makes small'),
  patience: whole(5, 0, 'stop after one more epoch than this without a better accuracy'),
  imageSize: whole(128, 32, 'side in pixels to which images are resized', 4096),
  width: {
    kind: 'real',
    fallback: 1,
    above: 0,
    most: 16,
    help: 'factor on the size of every hidden layer',
  },
  classes: whole(11, 2, 'number of labels, counted from 0', 65_536),
  trainLimit: whole(0, 0, 'use only so many training images, spread over the classes; 0 = all'),
  validLimit: whole(0, 0, 'use only so many validation images; 0 = all'),
  shuffleValid: flag(false, 'shuffle the validation set, as the recipe did; changes batch means'),
  augment: {
    kind: 'list',
    fallback: 'none',
    choices: AUGMENTATIONS,
    help: 'random changes of the training images',
  },
  augmentStrength: {
    kind: 'real',
    fallback: 1,
    above: 0,
    most: 4,
    help: 'factor on the range of every augmentation',
  },
  tta: whole(0, 0, 'augmented versions of each test image that vote, too', 1000),
  ttaWeight: {
    kind: 'real',
    fallback: 0.6,
    least: 0,
    most: 1,
    help: 'weight of the plain test image beside its tta versions',
  },
  resampler: choice(RESAMPLERS, 'exact', "exact = Pillow's pixels, fast = libvips' own"),
  workers: whole(0, 0, 'threads that decode and augment; 0 = one per CPU thread, at most 4', 256),
  idStart: whole(0, 0, 'Id of the first row in submission.csv'),
  layer: whole(19, 0, 'layer whose output visualise exports; 19 = the last pooling', 19),
  deterministic: flag(true, 'refuse ops whose result depends on the order of threads'),
} as const satisfies Record<string, ParameterDefinition>;

export type ParameterName = keyof typeof PARAMETERS;

type ValueOf<Definition> = Definition extends ListDefinition
  ? string
  : Definition extends ChoiceDefinition<infer Name>
    ? Name
    : Definition extends FlagDefinition
      ? boolean
      : number;

/** A complete and valid set of parameters. */
export type Parameters = { readonly [Name in ParameterName]: ValueOf<(typeof PARAMETERS)[Name]> };

export const PARAMETER_NAMES = Object.keys(PARAMETERS) as ParameterName[];

/** Parameters of the recipe that this version knows of but does not have, and why. */
export const REFUSED_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['fp16', 'tfjs has no mixed precision: training runs in float32'],
  ['precision', 'tfjs has no mixed precision: training runs in float32'],
]);
