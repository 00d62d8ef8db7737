import type { FieldPath, Statement } from './statement.ts';

/** A place where a rule does not hold. */
export interface RuleProblem {
  /** The name of the rule. */
  readonly rule: string;
  /** From the root of the object. */
  readonly path: FieldPath;
  /** The same sentence as the API server's. */
  readonly message: string;
}

/** A named check; `broken` gives the path of every place where the statement does not hold. */
export interface Rule<Subject> {
  readonly name: string;
  readonly statement: Statement;
  readonly broken: (subject: Subject) => readonly FieldPath[];
}

/** Everything that is wrong with `subject`, in the order of the rules. */
export function applyRules<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
): RuleProblem[] {
  return rules.flatMap((rule) =>
    rule
      .broken(subject)
      .map((path) => ({ rule: rule.name, path, message: rule.statement.message })),
  );
}

/** The indices of the items that are equal to an earlier one. */
export function repeated<T>(items: readonly T[]): number[] {
  const seen = new Set<T>();
  return items.flatMap((item, index) => {
    if (seen.has(item)) return [index];
    seen.add(item);
    return [];
  });
}
