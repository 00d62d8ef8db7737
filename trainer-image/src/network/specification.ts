/** What decides the size of the network. */
export interface NetworkShape {
  /** Side of the square input in pixels; at least 32, so that five poolings leave one pixel. */
  readonly imageSize: number;
  /** Factor on every hidden layer's size; 1 is the recipe's 64 to 512 channels. */
  readonly width: number;
  readonly classes: number;
}

/** The sizes that decide every layer. */
export interface LayerSizes {
  readonly imageSize: number;
  /** Of each block of convolution, normalisation, pooling and rectifier. */
  readonly channels: readonly number[];
  /** Of each hidden linear layer. */
  readonly hidden: readonly number[];
  readonly classes: number;
}

/** One layer, with the name that PyTorch's `state_dict` would give it. */
export type LayerSpecification =
  | {
      readonly kind: 'convolution';
      readonly name: string;
      readonly from: number;
      readonly to: number;
    }
  | { readonly kind: 'batch-norm'; readonly name: string; readonly channels: number }
  | { readonly kind: 'max-pool' }
  | { readonly kind: 'relu' }
  | { readonly kind: 'flatten' }
  | {
      readonly kind: 'linear';
      readonly name: string;
      readonly from: number;
      readonly to: number;
      /** Height, width and channels of what was flattened into the input; only of the first one. */
      readonly flattened?: readonly [number, number, number];
    };

export type LayerKind = LayerSpecification['kind'];

const CHANNELS = [64, 128, 256, 512, 512];
const HIDDEN = [1024, 512];
const RGB = 3;

/** The recipe's network in the size of `shape`. */
export function specifyNetwork({ imageSize, width, classes }: NetworkShape): LayerSpecification[] {
  const channels = CHANNELS.map((count) => scaled(count, width));
  const hidden = HIDDEN.map((size) => scaled(size, width));
  return specifyLayers({ imageSize, channels, hidden, classes });
}

/**
 * The layers from pixels to logits, in the order in which they run.
 *
 * The recipe pools after ReLU. Here ReLU comes last: both orders give the same values and gradients,
 * because ReLU never changes which value is the largest, and this one has a quarter of the work. The
 * names still count the recipe's order.
 */
export function specifyLayers(sizes: LayerSizes): LayerSpecification[] {
  const layers: LayerSpecification[] = [];
  let from = RGB;
  let side = sizes.imageSize;
  for (const [block, to] of sizes.channels.entries()) {
    layers.push(
      { kind: 'convolution', name: `cnn.${4 * block}`, from, to },
      { kind: 'batch-norm', name: `cnn.${4 * block + 1}`, channels: to },
      { kind: 'max-pool' },
      { kind: 'relu' },
    );
    from = to;
    side = Math.floor(side / 2);
  }
  const least = 2 ** sizes.channels.length;
  if (side < 1) throw new RangeError(`imageSize must be at least ${least}, got ${sizes.imageSize}`);
  layers.push({ kind: 'flatten' });
  const flattened = [side, side, from] as const;
  from *= side * side;
  for (const [index, to] of [...sizes.hidden, sizes.classes].entries()) {
    const linear = { kind: 'linear', name: `fc.${2 * index}`, from, to } as const;
    layers.push(index === 0 ? { ...linear, flattened } : linear);
    if (index < sizes.hidden.length) layers.push({ kind: 'relu' });
    from = to;
  }
  return layers;
}

/** Trainable numbers in the network; running statistics are not counted. */
export function countParameters(layers: readonly LayerSpecification[]): number {
  return layers.reduce((sum, layer) => sum + countOf(layer), 0);
}

function countOf(layer: LayerSpecification): number {
  switch (layer.kind) {
    case 'convolution':
      return (9 * layer.from + 1) * layer.to;
    case 'batch-norm':
      return 2 * layer.channels;
    case 'linear':
      return (layer.from + 1) * layer.to;
    case 'max-pool':
    case 'relu':
    case 'flatten':
      return 0;
  }
}

function scaled(size: number, width: number): number {
  return Math.max(1, Math.round(size * width));
}
