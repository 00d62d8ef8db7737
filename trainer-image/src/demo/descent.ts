import { openDevice } from '../backend/device.ts';
import { Variable } from '../backend/variable.ts';
import { vectorLayout } from '../network/file-layout.ts';
import type { Parameter } from '../network/layer.ts';
import { Optimizer } from '../optimise/optimizer.ts';
import { type OptimizerName, UPDATE_RULES } from '../optimise/update-rules.ts';

export type Point = readonly [number, number];

/** A descent in the plane. */
export interface Descent {
  readonly optimizer: OptimizerName;
  readonly from: Point;
  readonly steps: number;
  readonly gradient: (x: number, y: number) => Point;
  /** The learning rate of a step, the first being 0. */
  readonly rate: (step: number) => number;
}

/** The points of a descent by the trainer's own optimisers, its start included. */
export function descend({ optimizer, from, steps, gradient, rate }: Descent): Point[] {
  const device = openDevice({ threads: 1, deterministic: true });
  const start = device.floats([2], Float32Array.from(from));
  const parameter: Parameter = {
    name: 'point',
    variable: new Variable(device, start),
    layout: vectorLayout(2),
    gradient: undefined,
  };
  device.free(start);
  const rule = UPDATE_RULES[optimizer]({ momentum: 0.9, rmspropMomentum: 0 });
  const settings = { weightDecay: 0, maxGradNorm: 0 };
  const stepper = new Optimizer(device, [parameter], rule, settings);
  const points: Point[] = [from];
  for (let step = 0; step < steps; step++) {
    const [x = 0, y = 0] = parameter.variable.readFloats();
    parameter.gradient = device.floats([2], Float32Array.from(gradient(x, y)));
    stepper.apply(0, rate(step), step + 1);
    device.free(parameter.gradient);
    const [newX = 0, newY = 0] = parameter.variable.readFloats();
    points.push([newX, newY]);
  }
  stepper.dispose();
  parameter.variable.dispose();
  return points;
}
