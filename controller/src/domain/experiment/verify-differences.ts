import { assignmentValue, type ParameterAssignment, type TrialSpec } from '@espalier/api';
import { algorithmInfo, type Problem } from '@espalier/search';
import { isSame } from '../same.ts';
import type { Difference, Finding } from './verify-result.ts';

type Differences = Finding['differences'];

/** Of a basis, which can have 8 KiB. */
const MOST_SHOWN = 200;

/** Why the search as it is here cannot have suggested this; undefined = it can. */
export function sourceFinding(
  problem: Problem,
  { algorithm, parent }: TrialSpec,
): Finding | undefined {
  if (parent !== undefined) {
    const message = `made from ${parent.trial} at step ${parent.step}`;
    return { differences: [], unknown: { reason: 'OtherSource', message } };
  }
  const [name = '', version = ''] = algorithm.split('@');
  const info = algorithmInfo(name);
  if (info === undefined) {
    const message = `"${algorithm}" is no algorithm of this program`;
    return { differences: [], unknown: { reason: 'OtherSource', message } };
  }
  if (name === problem.algorithm && version !== String(info.version)) {
    const message = `recorded by ${algorithm}, and this program has ${name}@${info.version}`;
    return { differences: [], unknown: { reason: 'OtherVersion', message } };
  }
  return undefined;
}

/** A basis that is not what it says. */
export function basisDifference(
  basis: string | undefined,
  recomputed: string,
): Differences[number] {
  return { what: 'basis', recorded: textOf(basis), recomputed };
}

/** All in which two specs differ, field by field, parameter by parameter. */
export function specDifferences(recorded: TrialSpec, wanted: TrialSpec): Differences {
  const found: Omit<Difference, 'trial' | 'index'>[] = [];
  const compare = (what: string, one: unknown, other: unknown) => {
    if (!isSame(one, other)) found.push({ what, recorded: textOf(one), recomputed: textOf(other) });
  };
  compare('algorithm', recorded.algorithm, wanted.algorithm);
  compare('basis', recorded.basis, wanted.basis);
  compare('parent', recorded.parent, wanted.parent);
  const names = (spec: TrialSpec) => spec.parameters.map(({ name }) => name);
  for (const name of new Set([...names(recorded), ...names(wanted)])) {
    const one = recorded.parameters.find((parameter) => parameter.name === name);
    const other = wanted.parameters.find((parameter) => parameter.name === name);
    const what = `parameter ${name}`;
    if (!isSame(one, other)) {
      found.push({ what, recorded: valueText(one), recomputed: valueText(other) });
    }
  }
  if (found.length === 0) compare('order of parameters', names(recorded), names(wanted));
  return found;
}

function valueText(assignment: ParameterAssignment | undefined): string {
  if (assignment === undefined) return 'none';
  const type = Object.keys(assignment).find((key) => key !== 'name');
  return `${textOf(assignmentValue(assignment))} (${type})`;
}

/** Numbers are the shortest texts that read back exactly. */
function textOf(value: unknown): string {
  if (value === undefined) return 'none';
  const text = JSON.stringify(value);
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`;
}
