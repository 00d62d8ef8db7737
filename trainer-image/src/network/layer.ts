import type { Tensor } from '../backend/device.ts';
import type { Variable } from '../backend/variable.ts';
import type { FileLayout } from './file-layout.ts';
import type { LayerKind } from './specification.ts';

/** A trainable tensor: its value, and after a backward pass its gradient. */
export interface Parameter {
  /** As PyTorch's `state_dict` names it. */
  readonly name: string;
  readonly variable: Variable;
  readonly layout: FileLayout;
  /** Owned by the parameter; set by `backward`, freed by {@link releaseGradients}'s caller. */
  gradient: Tensor | undefined;
}

/** A tensor that training changes without a gradient: BatchNorm's running statistics. */
export interface RunningStatistic {
  readonly name: string;
  value: Tensor;
}

/**
 * One step of the network. A layer frees what it makes for itself, but never its arguments and not
 * what it returns: activations and gradients belong to the network.
 */
export interface Layer {
  readonly kind: LayerKind;
  readonly parameters: readonly Parameter[];
  readonly statistics: readonly RunningStatistic[];

  /** In training, may keep what `backward` needs, until `backward` or the next `forward`. */
  forward(input: Tensor, training: boolean): Tensor;

  /**
   * Sets the gradients of the parameters and returns that of the input.
   *
   * @param gradient Of the loss by `output`.
   * @param input What `forward` was given.
   * @param output What `forward` returned.
   * @returns undefined if nobody needs the input's gradient.
   */
  backward(gradient: Tensor, input: Tensor, output: Tensor): Tensor | undefined;
}
