import { readFileSync } from 'node:fs';
import { ConfigurationError, messageOf } from '../trainer-error.ts';

export interface Score {
  readonly accuracy: number;
  readonly correct: number;
  readonly total: number;
}

/**
 * Compares two tables of `Id,Category` row by row.
 *
 * @throws {ConfigurationError} if they do not list the same Ids in the same order.
 */
export function scoreSubmission(submission: string, truth: string): Score {
  const predicted = readTable(submission);
  const wanted = readTable(truth);
  if (predicted.length !== wanted.length) {
    throw new ConfigurationError(
      `${submission} has ${predicted.length} rows, ${truth} has ${wanted.length}`,
    );
  }
  let correct = 0;
  for (const [row, [id, category]] of wanted.entries()) {
    const [otherId, otherCategory] = predicted[row] ?? [];
    if (id !== otherId) {
      throw new ConfigurationError(`row ${row + 1} of ${submission} has Id ${otherId}, not ${id}`);
    }
    if (category === otherCategory) correct += 1;
  }
  return { accuracy: correct / wanted.length, correct, total: wanted.length };
}

function readTable(path: string): (readonly [string, string])[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
  const [header, ...lines] = text.trimEnd().split('\n');
  if (header !== 'Id,Category')
    throw new ConfigurationError(`${path} does not begin with Id,Category`);
  return lines.map((line, row) => {
    const [id, category, ...rest] = line.split(',');
    if (id === undefined || category === undefined || rest.length > 0) {
      throw new ConfigurationError(`row ${row + 1} of ${path} is not "Id,Category"`);
    }
    return [id, category] as const;
  });
}
