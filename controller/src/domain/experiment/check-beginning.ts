import { type ExperimentSpec, nearestName, type ParameterAssignment } from '@espalier/api';
import { algorithmInfo, checkGiven, type Space } from '@espalier/search';
import { valuesOf } from './beginning.ts';
import type { SpecProblem } from './check.ts';
import { parameterType } from './problem.ts';

/** What keeps a search from beginning as asked: enqueued values, and earlier results nobody looks at. */
export function checkBeginning(spec: ExperimentSpec, space: Space): readonly SpecProblem[] {
  const enqueued = (spec.enqueue ?? []).flatMap(({ parameters }, at) =>
    checkEnqueued(spec, space, parameters, ['spec', 'enqueue', at, 'parameters']),
  );
  return [...enqueued, ...checkWarmStart(spec)];
}

function checkEnqueued(
  spec: ExperimentSpec,
  space: Space,
  parameters: readonly ParameterAssignment[],
  path: SpecProblem['path'],
): readonly SpecProblem[] {
  const names = spec.parameters.map(({ name }) => name);
  const wrong = new Map(
    checkGiven(space, valuesOf(parameters)).map(({ parameter, message }) => [parameter, message]),
  );
  return parameters.flatMap((assignment, position): SpecProblem[] => {
    const { name } = assignment;
    const at = [...path, position];
    if (parameters.findIndex((other) => other.name === name) < position) {
      return [{ path: at, message: `"${name}" is given twice` }];
    }
    const declared = spec.parameters.find((parameter) => parameter.name === name);
    const type = declared && parameterType(declared);
    if (type !== undefined && assignment[type] === undefined) {
      return [{ path: at, message: `"${name}" is declared as ${type}` }];
    }
    const message = wrong.get(name);
    if (message === undefined) return [];
    const suggestion = declared === undefined ? nearestName(name, names) : undefined;
    return [suggestion === undefined ? { path: at, message } : { path: at, message, suggestion }];
  });
}

function checkWarmStart({ warmStart, search: { algorithm } }: ExperimentSpec): SpecProblem[] {
  if (warmStart === undefined || warmStart.enqueue > 0) return [];
  const info = algorithmInfo(algorithm);
  if (info === undefined || info.takesPrior === true) return [];
  const message = `${algorithm} learns nothing from earlier results: use tpe, gp or auto, or set enqueue`;
  return [{ path: ['spec', 'warmStart'], message }];
}
