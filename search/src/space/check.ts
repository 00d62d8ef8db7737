import { checkDomain } from './check-domain.ts';
import type { Dimension, ParameterValue } from './dimension.ts';
import { isInDomain, prepareDomain } from './domain.ts';
import { describeValue, type SpaceProblem, type SpaceProblemCode } from './space-problem.ts';

/** All problems of a declared space, by dimension in declaration order; none means it compiles. */
export function checkSpace(dimensions: readonly Dimension[]): readonly SpaceProblem[] {
  const byName = new Map<string, Dimension>();
  const firstIndex = new Map<string, number>();
  for (const [index, dimension] of dimensions.entries()) {
    if (firstIndex.has(dimension.name)) continue;
    firstIndex.set(dimension.name, index);
    byName.set(dimension.name, dimension);
  }
  const inCycle = findCycles(byName);
  return dimensions.flatMap((dimension, index) => [
    ...checkName(dimension.name, index, firstIndex),
    ...checkDomain(dimension, index),
    ...checkWhen(dimension, index, byName, inCycle),
  ]);
}

function checkName(
  name: string,
  index: number,
  firstIndex: ReadonlyMap<string, number>,
): readonly SpaceProblem[] {
  const problem = (code: SpaceProblemCode, message: string) => [
    { dimension: name, index, field: 'name' as const, code, message },
  ];
  // An object lists integer-like keys first, whatever the order in which they were added.
  if (!/^[^0-9]/.test(name)) {
    return problem('name-invalid', `the name "${name}" is empty or begins with a digit`);
  }
  if (firstIndex.get(name) !== index)
    return problem('name-duplicate', `"${name}" is declared twice`);
  return [];
}

function checkWhen(
  dimension: Dimension,
  index: number,
  byName: ReadonlyMap<string, Dimension>,
  inCycle: ReadonlySet<string>,
): readonly SpaceProblem[] {
  const { name, when } = dimension;
  if (when === undefined) return [];
  const problem = (
    field: 'when.parent' | 'when.in',
    code: SpaceProblemCode,
    message: string,
  ): SpaceProblem => ({ dimension: name, index, field, code, message });

  if (when.parent === name) {
    return [problem('when.parent', 'when-self', `"${name}" cannot depend on itself`)];
  }
  const parent = byName.get(when.parent);
  if (parent === undefined) {
    const message = `"${name}" depends on "${when.parent}", which is not declared`;
    return [problem('when.parent', 'when-missing', message)];
  }
  if (inCycle.has(name)) {
    const message = `"${name}" depends on itself through ${cyclePath(name, byName)}`;
    return [problem('when.parent', 'when-cycle', message)];
  }
  if (when.in.length === 0) {
    return [problem('when.in', 'when-empty', `"${name}" lists no value of "${when.parent}"`)];
  }
  if (parent.kind === 'float' && parent.step === undefined) {
    const message = `"${when.parent}" is a continuous range, which has no values to list; give it a step`;
    return [problem('when.parent', 'when-continuous', message)];
  }
  // A parent with problems of its own gives no list to compare with.
  if (checkDomain(parent, 0).length > 0) return [];
  return when.in
    .filter((value) => !isInDomain(prepareDomain(parent), value))
    .map((value) => problem('when.in', 'when-impossible', impossible(name, when.parent, value)));
}

function impossible(name: string, parent: string, value: ParameterValue): string {
  return `"${name}" is active when "${parent}" is ${describeValue(value)}, a value that "${parent}" cannot take`;
}

/** Names on a cycle of two or more; those that merely lead into one are left out. */
function findCycles(byName: ReadonlyMap<string, Dimension>): ReadonlySet<string> {
  const inCycle = new Set<string>();
  for (const start of byName.keys()) {
    const seen = new Set<string>();
    let name = byName.get(start)?.when?.parent;
    while (name !== undefined && name !== start && !seen.has(name)) {
      seen.add(name);
      name = byName.get(name)?.when?.parent;
    }
    if (name === start) inCycle.add(start);
  }
  return inCycle;
}

function cyclePath(start: string, byName: ReadonlyMap<string, Dimension>): string {
  const path: string[] = [];
  let name = byName.get(start)?.when?.parent;
  while (name !== undefined && name !== start) {
    path.push(`"${name}"`);
    name = byName.get(name)?.when?.parent;
  }
  return path.join(', ');
}
