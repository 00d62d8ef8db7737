/** What a command line lacks or has too much of. */
export class ArgumentError extends Error {}

/** @throws {ArgumentError} if there is none. */
export function required(value: string | undefined, flag: string): string {
  if (value === undefined || value === '') throw new ArgumentError(`${flag} is missing`);
  return value;
}

/** The items of a list by comma. */
export function listOf(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
