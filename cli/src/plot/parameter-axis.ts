import { choiceScale, linearScale, logScale, paddedRange, type Scale } from './scale.ts';
import type { PlottedParameter, PlottedTrial, Sweep } from './sweep.ts';

/** A parameter's scale over all trials of a sweep, and where a trial's value lies on it. */
export interface ParameterAxis {
  readonly name: string;
  readonly scale: Scale;
  /** In the units of the scale; NaN where the parameter is not active. */
  at(trial: PlottedTrial): number;
}

export function parameterAxis(sweep: Sweep, parameter: PlottedParameter): ParameterAxis {
  const { name } = parameter;
  if (parameter.kind === 'choice') {
    const { choices } = parameter;
    const places = new Map(choices.map((choice, place) => [choice, place]));
    return {
      name,
      scale: choiceScale(choices),
      at: ({ parameters }) => places.get(String(parameters[name])) ?? Number.NaN,
    };
  }
  const number = ({ parameters }: PlottedTrial) => {
    const value = parameters[name];
    return typeof value === 'number' ? value : Number.NaN;
  };
  const values = sweep.trials.map(number);
  return {
    name,
    scale: parameter.isLog ? logScale(values) : linearScale(paddedRange(values)),
    at: number,
  };
}
