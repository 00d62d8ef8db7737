import { nearestName, type ParameterValue } from '@espalier/api';
import { WARM_UPS } from '../schedule/schedule.ts';
import { InvalidParametersError } from '../trainer-error.ts';
import {
  PARAMETER_NAMES,
  PARAMETERS,
  type ParameterDefinition,
  type ParameterName,
  type Parameters,
  REFUSED_PARAMETERS,
} from './definition.ts';

/**
 * The parameters of a run: the given ones over the recipe's defaults.
 *
 * @throws {InvalidParametersError}, with every problem on a line of its own.
 */
export function parseParameters(given: Iterable<readonly [string, ParameterValue]>): Parameters {
  const problems: string[] = [];
  const values: Record<string, ParameterValue> = {};
  for (const name of PARAMETER_NAMES) values[name] = PARAMETERS[name].fallback;
  for (const [name, value] of given) {
    const problem = isParameter(name) ? checkValue(name, value) : explainUnknown(name);
    if (problem !== undefined) problems.push(problem);
    values[name] = value;
  }
  if (values['tta'] !== 0 && values['augment'] === 'none') {
    problems.push('tta needs augment: versions of an image that are all the same have one vote');
  }
  if (problems.length > 0) throw new InvalidParametersError(problems.join('\n'));
  return values as Parameters;
}

/**
 * Checks what needs the size of the training set.
 *
 * @throws {InvalidParametersError}.
 */
export function checkAgainstData(parameters: Parameters, totalSteps: number): void {
  const { schedule, warmupSteps } = parameters;
  const fewest = WARM_UPS[schedule];
  if (fewest === undefined) return;
  if (warmupSteps < fewest) {
    throw new InvalidParametersError(
      `warmupSteps must be at least ${fewest} for ${schedule}, got ${warmupSteps}`,
    );
  }
  if (warmupSteps >= totalSteps) {
    throw new InvalidParametersError(
      `warmupSteps must be less than all ${totalSteps} steps of the run, got ${warmupSteps}`,
    );
  }
}

function isParameter(name: string): name is ParameterName {
  return Object.hasOwn(PARAMETERS, name);
}

function explainUnknown(name: string): string {
  const refusal = REFUSED_PARAMETERS.get(name);
  if (refusal !== undefined) return `${name} is refused: ${refusal}`;
  const meant = nearestName(name, PARAMETER_NAMES);
  return `there is no parameter ${name}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function checkValue(name: ParameterName, value: ParameterValue): string | undefined {
  const definition: ParameterDefinition = PARAMETERS[name];
  const got = `got ${JSON.stringify(value)}`;
  switch (definition.kind) {
    case 'flag':
      return typeof value === 'boolean' ? undefined : `${name} must be true or false, ${got}`;
    case 'choice': {
      if (typeof value === 'string' && definition.choices.includes(value)) return undefined;
      const meant = nearestName(String(value), definition.choices);
      const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
      return `${name} must be one of ${definition.choices.join(', ')}, ${got}${hint}`;
    }
    case 'list':
      return checkList(name, value, definition.choices);
    case 'whole': {
      const { least, most } = definition;
      const isInside =
        Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
      return isInside
        ? undefined
        : `${name} must be a whole number from ${least} to ${most}, ${got}`;
    }
    case 'real': {
      const { above = -Infinity, least = -Infinity, most = Infinity } = definition;
      const isInside =
        typeof value === 'number' &&
        Number.isFinite(value) &&
        value > above &&
        value >= least &&
        value <= most;
      return isInside ? undefined : `${name} must be ${describeRange(definition)}, ${got}`;
    }
  }
}

function checkList(
  name: string,
  value: ParameterValue,
  choices: readonly string[],
): string | undefined {
  const items = value === 'none' ? [] : String(value).split(',');
  const unknown = items.find((item) => !choices.includes(item.trim()));
  if (unknown === undefined) return undefined;
  const meant = nearestName(unknown.trim(), choices);
  const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
  const rule = `must be none or some of ${choices.join(', ')} with commas between`;
  return `${name} ${rule}, got ${JSON.stringify(value)}${hint}`;
}

function describeRange(range: { above?: number; least?: number; most?: number }): string {
  const low = range.above !== undefined ? `more than ${range.above}` : `at least ${range.least}`;
  return range.most === undefined ? `a number ${low}` : `a number ${low} and at most ${range.most}`;
}
