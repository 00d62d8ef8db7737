import type { Experiment, Parameter, ParameterAssignment } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';

/** `name=value` of the command line. */
export interface GivenValue {
  readonly name: string;
  readonly text: string;
}

export function parseGiven(text: string): GivenValue {
  const at = text.indexOf('=');
  if (at < 1) {
    throw invalid(`"${printable(text)}" is not name=value`, ['such as lr=0.01 or schedule=cosine']);
  }
  return { name: text.slice(0, at), text: text.slice(at + 1) };
}

/**
 * A configuration that an Experiment could try: its fixed values, the first candidate of each list, the
 * middle of each range. Values that are given take their place, whatever the Experiment allows.
 */
export function exampleParameters(
  { spec }: Experiment,
  given: readonly GivenValue[],
): ParameterAssignment[] {
  const chosen = new Map<string, ParameterAssignment>();
  const { replicates } = spec;
  if (replicates !== undefined) {
    const [int = 0] = replicates.values;
    chosen.set(replicates.parameter, { name: replicates.parameter, int });
  }
  for (const parameter of inOrder(spec.parameters)) {
    if (isActive(parameter, chosen)) chosen.set(parameter.name, example(parameter));
  }
  for (const { name, text } of given) {
    const declared = spec.parameters.find((parameter) => parameter.name === name);
    chosen.set(name, assignment(name, text, declared));
  }
  return [...chosen.values()];
}

/** Parents before those whose `when` names them; the checks of a manifest exclude circles. */
function inOrder(parameters: readonly Parameter[]): readonly Parameter[] {
  const placed: Parameter[] = [];
  let left = [...parameters];
  while (left.length > 0) {
    const ready = left.filter(
      ({ when }) => when === undefined || placed.some(({ name }) => name === when.parameter),
    );
    if (ready.length === 0) break;
    placed.push(...ready);
    left = left.filter((parameter) => !ready.includes(parameter));
  }
  return placed;
}

function isActive({ when }: Parameter, chosen: ReadonlyMap<string, ParameterAssignment>): boolean {
  if (when === undefined) return true;
  const parent = chosen.get(when.parameter);
  if (parent === undefined) return false;
  const value = String(parent.float ?? parent.int ?? parent.string ?? parent.bool);
  return when.in.some((each) => String(each) === value);
}

function example({ name, float, int, string, bool }: Parameter): ParameterAssignment {
  if (float !== undefined)
    return { name, float: float.value ?? float.values?.[0] ?? middle(float) };
  if (int !== undefined) {
    return { name, int: int.value ?? int.values?.[0] ?? Math.round(middle(int)) };
  }
  if (string !== undefined) return { name, string: string.value ?? string.values?.[0] ?? '' };
  return { name, bool: bool?.value ?? bool?.values?.[0] ?? false };
}

function middle(domain: {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly step?: number | undefined;
  readonly scale?: 'linear' | 'log' | undefined;
}): number {
  const { min = 0, max = min, step, scale } = domain;
  if (scale === 'log') return Math.sqrt(min * max);
  const exact = (min + max) / 2;
  return step === undefined ? exact : min + Math.round((exact - min) / step) * step;
}

function assignment(
  name: string,
  text: string,
  declared: Parameter | undefined,
): ParameterAssignment {
  if (declared?.string !== undefined) return { name, string: text };
  if (text === 'true' || text === 'false') return { name, bool: text === 'true' };
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) return { name, string: text };
  const isInt = declared?.float === undefined && Number.isSafeInteger(value);
  return isInt ? { name, int: value } : { name, float: value };
}
