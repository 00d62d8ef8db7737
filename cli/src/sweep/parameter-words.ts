import { nearestName } from '@espalier/api';
import { invalid } from '../failure.ts';
import { printable } from '../render/printable.ts';

/** A parameter of the trainer as it was typed. */
export interface ParameterWord {
  /** With its dashes, for errors. */
  readonly flag: string;
  readonly name: string;
  readonly text: string;
}

export interface SweepWords {
  readonly parameters: readonly ParameterWord[];
  /** What stood after `--`. */
  readonly command: readonly string[];
}

/**
 * Reads what is left of a command line when our own flags are taken out: `--name value` or
 * `--name=value`, each a parameter of the trainer, and after `--` the trainer's command.
 *
 * A name nearly one of ours is refused: a typed mistake must not become a parameter that the trainer
 * ignores. `--param NAME=VALUES` takes any name, as it is.
 *
 * @param given What `--param` was given.
 * @param own Our flags, without dashes.
 * @throws Failure
 */
export function readWords(
  words: readonly string[],
  given: readonly string[],
  own: readonly string[],
): SweepWords {
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  const parameters: ParameterWord[] = given.map(exactWord);
  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (!/^--[A-Za-z_]/.test(word)) throw strayWord(word);
    const [flag = '', ...rest] = word.split('=');
    needOther(flag, own);
    let text = rest.length > 0 ? rest.join('=') : undefined;
    if (text === undefined) {
      at += 1;
      text = before[at];
    }
    if (text === undefined || text === '' || text.startsWith('--')) {
      throw invalid(`${printable(flag)} needs a value`, [
        `such as ${printable(flag)} 1e-4..1e-2:log  or  ${printable(flag)} true,false`,
      ]);
    }
    parameters.push({ flag, name: trainerName(flag), text });
  }
  needDifferent(parameters);
  return { parameters, command: end < 0 ? [] : words.slice(end + 1) };
}

/** `--batch-size` is `batchSize`; underscores, dots and capitals stay as they are. */
export function trainerName(flag: string): string {
  return flag
    .slice(2)
    .replaceAll(/-+([A-Za-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function exactWord(word: string): ParameterWord {
  const [name = '', ...rest] = word.split('=');
  const text = rest.join('=');
  if (name === '' || text === '') {
    throw invalid(`--param ${printable(word)}: a name and its values are needed`, [
      'such as --param dim=64,128',
    ]);
  }
  return { flag: `--param ${name}`, name, text };
}

function needOther(flag: string, own: readonly string[]): void {
  const near = nearestName(flag.slice(2), own);
  if (near === undefined) return;
  throw invalid(`there is no ${printable(flag)}; did you mean --${near}?`, [
    `if the trainer has a parameter of that name: --param ${printable(trainerName(flag))}=VALUES`,
  ]);
}

function needDifferent(parameters: readonly ParameterWord[]): void {
  const names = new Map<string, string>();
  for (const { name, flag } of parameters) {
    const other = names.get(name);
    if (other !== undefined) {
      throw invalid(`${printable(name)} is given twice: ${printable(other)}, ${printable(flag)}`);
    }
    names.set(name, flag);
  }
}

function strayWord(word: string): Error {
  return invalid(`${printable(word)} belongs to no flag`, [
    "parameters are --NAME VALUES; the trainer's command stands after --",
    'a name is not needed: --name sets one',
  ]);
}
