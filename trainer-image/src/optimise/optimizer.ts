import type { Device, Tensor } from '../backend/device.ts';
import { Variable } from '../backend/variable.ts';
import type { Parameter } from '../network/layer.ts';
import { clipFactor, globalNorm } from './gradient-norm.ts';
import type { UpdateRule } from './update-rule.ts';

export interface OptimizerSettings {
  readonly weightDecay: number;
  /** Largest global norm of the gradients; 0 = any. */
  readonly maxGradNorm: number;
}

/** A slot of one parameter, under the name that the checkpoint gives it. */
export interface Slot {
  readonly name: string;
  readonly parameter: Parameter;
  readonly variable: Variable;
}

/** Clips the gradients, adds the weight decay and applies an update rule. */
export class Optimizer {
  readonly slots: readonly Slot[];
  readonly #device: Device;
  readonly #parameters: readonly Parameter[];
  readonly #rule: UpdateRule;
  readonly #settings: OptimizerSettings;
  readonly #slotsOf = new Map<Parameter, Variable[]>();

  constructor(
    device: Device,
    parameters: readonly Parameter[],
    rule: UpdateRule,
    settings: OptimizerSettings,
  ) {
    this.#device = device;
    this.#parameters = parameters;
    this.#rule = rule;
    this.#settings = settings;
    this.slots = parameters.flatMap((parameter) => this.#makeSlots(parameter));
  }

  /** The norm of the gradients before clipping. */
  gradientNorm(): number {
    return globalNorm(this.#device, this.#parameters.map(gradientOf));
  }

  /**
   * Changes every parameter by its gradient: clipped first, then the weight decay added as the
   * gradient of an L2 penalty, as PyTorch does; a rule that decouples the decay shrinks the weights
   * before its step instead.
   *
   * @param step 1 for the first step of a run.
   */
  apply(norm: number, learningRate: number, step: number): void {
    const device = this.#device;
    const factor = clipFactor(norm, this.#settings.maxGradNorm);
    const clip = factor < 1 ? device.scalar(factor) : undefined;
    const { weightDecay } = this.#settings;
    const isDecoupled = this.#rule.decay === 'decoupled';
    const decay = weightDecay > 0 && !isDecoupled ? device.scalar(weightDecay) : undefined;
    if (weightDecay > 0 && isDecoupled) this.#shrink(learningRate * weightDecay);
    const prepared = this.#rule.prepare(device, learningRate, step);
    for (const parameter of this.#parameters) {
      const gradient = this.#penalise(parameter, gradientOf(parameter), clip, decay);
      prepared.update(parameter.variable, this.#slotsOf.get(parameter) ?? [], gradient);
      if (gradient !== parameter.gradient) device.free(gradient);
    }
    prepared.release();
    device.free(clip, decay);
  }

  dispose(): void {
    for (const slot of this.slots) slot.variable.dispose();
  }

  /** w -= share w. */
  #shrink(share: number): void {
    const device = this.#device;
    const a = device.attribute;
    const rate = device.scalar(share);
    for (const { variable } of this.#parameters) {
      const weight = variable.read();
      const part = device.run('Mul', [a.float32('T')], weight, rate);
      device.free(weight);
      device.runMany('AssignSubVariableOp', [a.float32('dtype')], [variable.handle, part], 0);
      device.free(part);
    }
    device.free(rate);
  }

  #penalise(
    parameter: Parameter,
    gradient: Tensor,
    clip: Tensor | undefined,
    decay: Tensor | undefined,
  ): Tensor {
    const device = this.#device;
    const type = [device.attribute.float32('T')];
    const clipped = clip === undefined ? gradient : device.run('Mul', type, gradient, clip);
    if (decay === undefined) return clipped;
    const weight = parameter.variable.read();
    const pull = device.run('Mul', type, weight, decay);
    const sum = device.run('AddV2', type, clipped, pull);
    device.free(weight, pull);
    if (clipped !== gradient) device.free(clipped);
    return sum;
  }

  #makeSlots(parameter: Parameter): Slot[] {
    const variables = this.#rule.slots.map(() => {
      const zeros = this.#device.zeros(parameter.variable.shape);
      const variable = new Variable(this.#device, zeros);
      this.#device.free(zeros);
      return variable;
    });
    this.#slotsOf.set(parameter, variables);
    return variables.map((variable, index) => ({
      name: `${this.#rule.slots[index]}/${parameter.name}`,
      parameter,
      variable,
    }));
  }
}

function gradientOf(parameter: Parameter): Tensor {
  if (parameter.gradient === undefined) throw new Error(`${parameter.name} has no gradient`);
  return parameter.gradient;
}
