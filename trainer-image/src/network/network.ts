import type { Device, Tensor } from '../backend/device.ts';
import { BatchNorm } from './batch-norm.ts';
import { Convolution, type ConvolutionPlace } from './convolution.ts';
import { convolutionLayout, linearLayout, vectorLayout } from './file-layout.ts';
import { Flatten } from './flatten.ts';
import { Initialiser } from './initialise.ts';
import type { Layer, Parameter, RunningStatistic } from './layer.ts';
import { Linear } from './linear.ts';
import { MaxPool } from './max-pool.ts';
import { Relu } from './relu.ts';
import type { LayerSpecification } from './specification.ts';

/** A list of layers that runs forward and backward, and owns every tensor in between. */
export class Network {
  readonly layers: readonly Layer[];
  readonly parameters: readonly Parameter[];
  readonly statistics: readonly RunningStatistic[];
  readonly #device: Device;
  /** Input of each layer of the last training pass, then the last output. */
  #activations: Tensor[] = [];

  constructor(device: Device, layers: readonly Layer[]) {
    this.#device = device;
    this.layers = layers;
    this.parameters = layers.flatMap((layer) => layer.parameters);
    this.statistics = layers.flatMap((layer) => layer.statistics);
  }

  /**
   * Logits, or what the first `layers` give, without any trace: running statistics, nothing kept. The
   * caller frees both tensors.
   */
  evaluate(images: Tensor, layers: readonly Layer[] = this.layers): Tensor {
    let current = images;
    for (const layer of layers) {
      const output = layer.forward(current, false);
      if (current !== images) this.#device.free(current);
      current = output;
    }
    return current;
  }

  /** Logits, to be followed by {@link backward}. The network owns the logits and takes `images`. */
  forward(images: Tensor): Tensor {
    this.#release();
    this.#activations = [images];
    let current = images;
    for (const layer of this.layers) {
      current = layer.forward(current, true);
      this.#activations.push(current);
    }
    return current;
  }

  /** Sets every parameter's gradient. Takes `gradient`, the loss's by the logits. */
  backward(gradient: Tensor): void {
    let current: Tensor | undefined = gradient;
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const layer = this.layers[i];
      const output = this.#activations.pop();
      const input = this.#activations.at(-1);
      if (!layer || !output || !input || !current) throw new Error('backward without forward');
      const next: Tensor | undefined = layer.backward(current, input, output);
      this.#device.free(current, output);
      current = next;
    }
    this.#device.free(current);
    this.#release();
  }

  releaseGradients(): void {
    for (const parameter of this.parameters) {
      this.#device.free(parameter.gradient);
      parameter.gradient = undefined;
    }
  }

  dispose(): void {
    this.#release();
    this.releaseGradients();
    for (const parameter of this.parameters) parameter.variable.dispose();
    for (const statistic of this.statistics) this.#device.free(statistic.value);
  }

  #release(): void {
    this.#device.free(...this.#activations);
    this.#activations = [];
  }
}

/** Builds the layers of `specification` with PyTorch's initial values drawn from `seed`. */
export function buildNetwork(
  device: Device,
  specification: readonly LayerSpecification[],
  seed: number,
): Network {
  const initial = new Initialiser(device, seed);
  let bias: Parameter | undefined;
  const layers = specification.map((layer, index) => {
    const isNormalised = specification[index + 1]?.kind === 'batch-norm';
    const built = buildLayer(device, layer, initial, { isFirst: index === 0, isNormalised }, bias);
    bias = layer.kind === 'convolution' ? built.parameters[1] : undefined;
    return built;
  });
  return new Network(device, layers);
}

/** @param shift The bias of a convolution just before, which leaves it to a normalisation. */
function buildLayer(
  device: Device,
  layer: LayerSpecification,
  initial: Initialiser,
  place: ConvolutionPlace,
  shift: Parameter | undefined,
): Layer {
  switch (layer.kind) {
    case 'convolution': {
      const { name, from, to } = layer;
      const fanIn = 9 * from;
      return new Convolution(
        device,
        initial.uniform(`${name}.weight`, [3, 3, from, to], fanIn, convolutionLayout(from, to)),
        initial.uniform(`${name}.bias`, [to], fanIn, vectorLayout(to)),
        place,
      );
    }
    case 'batch-norm': {
      const { name, channels } = layer;
      const layout = vectorLayout(channels);
      return new BatchNorm(
        device,
        initial.constant(`${name}.weight`, channels, 1, layout),
        initial.constant(`${name}.bias`, channels, 0, layout),
        initial.statistic(`${name}.running_mean`, channels, 0),
        initial.statistic(`${name}.running_var`, channels, 1),
        shift,
      );
    }
    case 'linear': {
      const { name, from, to, flattened } = layer;
      return new Linear(
        device,
        initial.uniform(`${name}.weight`, [from, to], from, linearLayout(from, to, flattened)),
        initial.uniform(`${name}.bias`, [to], from, vectorLayout(to)),
      );
    }
    case 'max-pool':
      return new MaxPool(device);
    case 'relu':
      return new Relu(device);
    case 'flatten':
      return new Flatten(device);
  }
}
