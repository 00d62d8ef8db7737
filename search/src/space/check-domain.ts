import type { Dimension, ParameterValue, RangeDomain } from './dimension.ts';
import { domainSize, prepareDomain } from './domain.ts';
import {
  describeValue,
  type SpaceField,
  type SpaceProblem,
  type SpaceProblemCode,
} from './space-problem.ts';

type Report = (field: SpaceField, code: SpaceProblemCode, message: string) => void;

/** Problems of one dimension's values, its name and condition apart. */
export function checkDomain(dimension: Dimension, index: number): readonly SpaceProblem[] {
  const problems: SpaceProblem[] = [];
  const report: Report = (field, code, message) =>
    problems.push({
      dimension: dimension.name,
      index,
      field,
      code,
      message: `"${dimension.name}": ${message}`,
    });
  switch (dimension.kind) {
    case 'fixed':
      checkValue(dimension.value, dimension.type, 'value', report);
      break;
    case 'ordinal':
    case 'categorical':
      checkValues(dimension.values, dimension.type, report);
      break;
    case 'float':
    case 'int':
      checkNumbers(dimension, report);
      if (problems.length === 0) checkRange(dimension, report);
      break;
  }
  return problems;
}

function checkValues(values: readonly ParameterValue[], type: string, report: Report): void {
  if (values.length === 0) report('values', 'values-empty', 'values is empty');
  const seen = new Set<ParameterValue>();
  for (const value of values) {
    checkValue(value, type, 'values', report);
    if (seen.has(value)) {
      report('values', 'values-duplicate', `${describeValue(value)} is listed twice`);
    }
    seen.add(value);
  }
}

function checkValue(value: ParameterValue, type: string, field: SpaceField, report: Report): void {
  const wanted = type === 'bool' ? 'boolean' : type === 'string' ? 'string' : 'number';
  if (typeof value !== wanted) {
    report(field, 'wrong-type', `${describeValue(value)} is not a ${type}`);
  } else if (typeof value === 'number') {
    checkNumber(value, type, field, report);
  }
}

function checkNumber(value: number, type: string, field: SpaceField, report: Report): void {
  if (!Number.isFinite(value)) {
    report(field, 'not-finite', `${field} must be a finite number, got ${value}`);
  } else if (type === 'int' && !Number.isSafeInteger(value)) {
    report(field, 'not-an-integer', `${field} must be an integer within 2^53-1, got ${value}`);
  }
}

function checkNumbers(range: RangeDomain, report: Report): void {
  checkNumber(range.min, range.kind, 'min', report);
  checkNumber(range.max, range.kind, 'max', report);
  if (range.step !== undefined) checkNumber(range.step, range.kind, 'step', report);
}

function checkRange(range: RangeDomain, report: Report): void {
  const { min, max, scale, step } = range;
  if (min >= max) report('min', 'bounds-empty', `min must be below max, got ${min} and ${max}`);
  if (scale === 'log' && min <= 0) {
    report('min', 'log-needs-positive', `a log scale needs min above 0, got ${min}`);
  }
  if (step === undefined) return;
  if (step <= 0) {
    report('step', 'step-not-positive', `step must be above 0, got ${step}`);
  } else if (scale === 'log') {
    report('step', 'step-with-log', 'step and a log scale exclude each other');
  } else if (isTooFine(range, step)) {
    report('step', 'step-too-fine', `step ${step} vanishes in [${min}, ${max}]`);
  }
}

/** Whether steps get lost in rounding, so that values would repeat. */
function isTooFine({ kind, min, max, scale, step }: RangeDomain, width: number): boolean {
  if (kind === 'int' || min >= max || step === undefined) return false;
  const size = domainSize(prepareDomain({ kind, min, max, scale, step }));
  const largest = Math.max(Math.abs(min), Math.abs(max));
  return size > Number.MAX_SAFE_INTEGER || width < largest * 2 ** -51;
}
