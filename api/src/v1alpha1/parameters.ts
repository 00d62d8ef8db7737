import { z } from 'zod';
import { LIMITS } from './limits.ts';
import {
  BOTH_BOUNDS,
  LOG_NEEDS_POSITIVE_FLOAT,
  LOG_NEEDS_POSITIVE_INT,
  MIN_BELOW_MAX,
  ONE_FORM,
  ONE_FORM_WITHOUT_RANGE,
  ONE_TYPE,
  SCALE_NEEDS_RANGE,
  STEP_NEEDS_LINEAR_RANGE,
  TEXTS_DIFFER,
  VALUES_DIFFER,
  WHEN_NAMES_ANOTHER,
} from './rules/parameter-statements.ts';
import { enforced } from './rules/statement.ts';

const finite = z.number();
const safeInt = z.int();
export const parameterNameSchema = z
  .string()
  .min(1)
  .max(LIMITS.parameterName)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    'must begin with a letter or _ and hold only letters, digits, _, . and -',
  );
const name = parameterNameSchema.describe('name is the parameter name as the trainer knows it.');

const scale = z
  .enum(['linear', 'log'])
  .describe('scale is the scale on which a range is searched; log needs min > 0. Default linear.');

const rangeRules = [
  ONE_FORM,
  BOTH_BOUNDS,
  MIN_BELOW_MAX,
  SCALE_NEEDS_RANGE,
  STEP_NEEDS_LINEAR_RANGE,
  VALUES_DIFFER,
];

const floatDomain = z
  .strictObject({
    value: finite.optional().describe('value fixes the parameter.'),
    values: z
      .array(finite)
      .min(1)
      .max(LIMITS.choices)
      .optional()
      .describe('values are the candidates, in a meaningful order.'),
    min: finite.optional().describe('min is the lower bound of a range, inclusive.'),
    max: finite.optional().describe('max is the upper bound of a range, inclusive.'),
    step: finite
      .gt(0)
      .optional()
      .describe('step restricts a linear range to min, min + step, and so on.'),
    scale: scale.optional(),
  })
  .meta(enforced(...rangeRules, LOG_NEEDS_POSITIVE_FLOAT));

const intDomain = z
  .strictObject({
    value: safeInt.optional().describe('value fixes the parameter.'),
    values: z
      .array(safeInt)
      .min(1)
      .max(LIMITS.choices)
      .optional()
      .describe('values are the candidates, in a meaningful order.'),
    min: safeInt.optional().describe('min is the lower bound of a range, inclusive.'),
    max: safeInt.optional().describe('max is the upper bound of a range, inclusive.'),
    step: safeInt
      .min(1)
      .optional()
      .describe('step restricts a linear range to min, min + step, and so on.'),
    scale: scale.optional(),
  })
  .meta(enforced(...rangeRules, LOG_NEEDS_POSITIVE_INT));

const text = z.string().max(LIMITS.stringValue);
const stringDomain = z
  .strictObject({
    value: text.optional().describe('value fixes the parameter.'),
    values: z
      .array(text)
      .min(1)
      .max(LIMITS.choices)
      .optional()
      .describe('values are the candidates, without an order.'),
  })
  .meta(enforced(ONE_FORM_WITHOUT_RANGE, TEXTS_DIFFER));

const boolDomain = z
  .strictObject({
    value: z.boolean().optional().describe('value fixes the parameter.'),
    values: z.array(z.boolean()).min(1).max(2).optional().describe('values are the candidates.'),
  })
  .meta(enforced(ONE_FORM_WITHOUT_RANGE, VALUES_DIFFER));

/** `when`: the parameter exists only if its parent has one of the listed values. */
const condition = z.strictObject({
  parameter: name.describe('parameter is the name of the parent parameter.'),
  in: z
    .array(
      z
        .union([safeInt, text])
        .meta({ 'x-kubernetes-int-or-string': true, maxLength: LIMITS.stringValue })
        .describe('A value of the parent; write booleans and fractions as strings.'),
    )
    .min(1)
    .max(LIMITS.choices)
    .describe('in lists the values of the parent with which this parameter is active.'),
});

/**
 * One dimension of the search space: exactly one of `float`, `int`, `string`, `bool`, and inside it
 * exactly one of `value`, `values` or `min` with `max`.
 */
export const parameterSchema = z
  .strictObject({
    name,
    float: floatDomain.optional().describe('float makes this a real number.'),
    int: intDomain.optional().describe('int makes this a whole number within 2^53-1.'),
    string: stringDomain.optional().describe('string makes this a text without an order.'),
    bool: boolDomain.optional().describe('bool makes this true or false.'),
    when: condition
      .optional()
      .describe('when makes the parameter active only for some values of another one.'),
  })
  .meta(enforced(ONE_TYPE, WHEN_NAMES_ANOTHER))
  .describe('A parameter of the trainer: fixed, a list of candidates, or a range.');
export type Parameter = z.infer<typeof parameterSchema>;

/** One parameter with its value, as a Trial records it: exactly one of the four types. */
export const parameterAssignmentSchema = z
  .strictObject({
    name,
    float: finite.optional().describe('float is the value of a real parameter.'),
    int: safeInt.optional().describe('int is the value of a whole-number parameter.'),
    string: text.optional().describe('string is the value of a text parameter.'),
    bool: z.boolean().optional().describe('bool is the value of a boolean parameter.'),
  })
  .meta(enforced(ONE_TYPE))
  .describe('The value of one parameter.');
export type ParameterAssignment = z.infer<typeof parameterAssignmentSchema>;

export type ParameterValue = number | string | boolean;

/** The value inside an assignment, whatever its type; `undefined` if none of the four is set. */
export function assignmentValue(assignment: ParameterAssignment): ParameterValue | undefined {
  return assignment.float ?? assignment.int ?? assignment.string ?? assignment.bool;
}
