/** Path of a field from the root of an object: `['spec', 'trials', 'max']`. */
export type FieldPath = readonly (string | number)[];

/**
 * One sentence that must hold, as the API server and we both say it. The sentence names no value, as
 * CEL messages are fixed texts.
 */
export interface Statement {
  readonly message: string;
  /** True where the sentence holds; absent where CEL cannot carry it. */
  readonly cel?: string;
  /** Field that the API server blames, from where the rule stands: `.min`. */
  readonly fieldPath?: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueDuplicate';
}

/** The meta of a schema that makes the API server enforce `statements` there. */
export function enforced(...statements: readonly Statement[]): Record<string, unknown> {
  return {
    'x-kubernetes-validations': statements
      .filter((statement) => statement.cel !== undefined)
      .map(({ cel, message, fieldPath, reason }) => ({
        rule: cel,
        message,
        ...(fieldPath !== undefined && { fieldPath }),
        ...(reason !== undefined && { reason }),
      })),
  };
}
