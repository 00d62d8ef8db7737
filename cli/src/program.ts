import { inspect } from 'node:util';
import { Command, CommanderError } from 'commander';
import { writeLines } from './channel.ts';
import { EXIT, EXIT_MEANINGS, type ExitCode } from './exit-codes.ts';
import { asFailure, Failure, UnknownChoice } from './failure.ts';
import { asCalled, asPlugin, clusterFirst } from './kubectl-plugin.ts';
import { version } from './program-version.ts';
import { printable } from './render/printable.ts';
import type { Surroundings } from './surroundings.ts';
import { addBringingVerbs } from './verbs/bringing.ts';
import { addDescendingVerbs } from './verbs/descending.ts';
import { addHelpingVerbs } from './verbs/helping.ts';
import { addLookingVerbs } from './verbs/looking.ts';
import { examples } from './verbs/options.ts';
import type { Perform } from './verbs/perform.ts';
import { addPicturingVerbs } from './verbs/picturing.ts';
import { addStartingVerbs } from './verbs/starting.ts';
import { addSteeringVerbs } from './verbs/steering.ts';
import { addSweepingVerbs } from './verbs/sweeping.ts';

/**
 * Runs one command line and returns its exit code; never throws. Errors are printed on stderr.
 *
 * @param words The arguments after the program's name.
 */
export async function runCommandLine(
  words: readonly string[],
  given: Surroundings,
): Promise<ExitCode> {
  const surroundings = given.isPlugin === true ? asPlugin(given) : given;
  let exitCode: ExitCode = EXIT.ok;
  const perform: Perform = async (doing, work) => {
    try {
      exitCode = await work(surroundings);
    } catch (error) {
      const failure = asFailure(error, `cannot ${doing}`);
      // Whoever read the output has gone, and would not read this either.
      if (failure.exitCode !== EXIT.brokenPipe) printFailure(surroundings, failure);
      exitCode = failure.exitCode;
    }
  };
  const program = buildProgram(surroundings, perform, words);
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander has printed its help or its complaint.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.invalid;
    const failure = error instanceof UnknownChoice ? await withNearest(error) : error;
    const known = asFailure(failure, 'cannot start');
    printFailure(surroundings, known);
    return known.exitCode;
  }
}

/** Loaded only now: who makes no mistake does not wait for it. */
async function withNearest(failure: UnknownChoice): Promise<Failure> {
  const { nearestName } = await import('@espalier/api');
  const near = nearestName(failure.text, failure.choices);
  if (near === undefined) return failure;
  const { message, exitCode, hints } = failure;
  return new Failure(message, { exitCode, hints: [`did you mean ${near}?`, ...hints] });
}

function printFailure({ stderr, env }: Surroundings, failure: Failure): void {
  writeLines(stderr, failure.report);
  // A server, a file or whoever chose a name may have put anything into it.
  const [first = '', ...more] = failure.message.trimEnd().split('\n').map(printable);
  writeLines(stderr, [stderr.paint('bad', `error: ${first}`), ...more]);
  writeLines(
    stderr,
    failure.hints.map((hint) => `  ${printable(hint)}`),
  );
  if (env.ESPALIER_DEBUG === '1') writeLines(stderr, [inspect(failure)]);
}

/** The declaration of all verbs; `perform` is called when one of them is used. */
export function buildProgram(
  surroundings: Surroundings,
  perform: Perform,
  words: readonly string[],
): Command {
  const { stdout, stderr, isPlugin } = surroundings;
  const program = new Command('espalier')
    .description('Train many trees on one frame: hyperparameter sweeps from one manifest.')
    .version(`espalier ${version()}`, '--version', 'print the version')
    .helpOption('-h, --help', 'show this, or the help of a verb')
    .usage('<verb> [options]')
    .showSuggestionAfterError(true)
    .showHelpAfterError('see: espalier --help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(isPlugin === true ? asCalled(text) : text),
      writeErr: (text) => stderr.write(text),
      getOutHelpWidth: () => stdout.size()?.columns ?? 100,
      getErrHelpWidth: () => stderr.size()?.columns ?? 100,
      outputError: (text, write) =>
        write(stderr.paint('bad', text.split('\n').map(printable).join('\n'))),
    })
    .addHelpText('after', () => `${FIRST_STEPS}${exitCodeTable()}`);
  addStartingVerbs(program, perform);
  addSweepingVerbs(program, perform, words);
  addLookingVerbs(program, perform);
  addPicturingVerbs(program, perform);
  addSteeringVerbs(program, perform);
  addDescendingVerbs(program, perform, words);
  addBringingVerbs(program, perform);
  if (isPlugin === true) clusterFirst(program);
  program.commandsGroup('Other:');
  addHelpingVerbs(program, perform);
  for (const command of program.commands) nameItsHelp(command, 'espalier');
  return program;
}

/** After a mistake in the options of a verb, what shows those. */
function nameItsHelp(command: Command, parent: string): void {
  const name = `${parent} ${command.name()}`;
  command.showHelpAfterError(`see: ${name} --help`);
  for (const inner of command.commands) nameItsHelp(inner, name);
}

const FIRST_STEPS = examples([
  ['espalier plan -f sweep.yaml', 'what it would do'],
  ['espalier run -f sweep.yaml', 'do it here; the same command goes on after Ctrl-C'],
  ['espalier trials sweep', 'the leaderboard'],
  ['espalier best sweep --json', 'the best parameters, and the paths of model and CSVs'],
  ['espalier logs sweep-00003 -f', 'what a trainer prints'],
]);

function exitCodeTable(): string {
  const rows = EXIT_MEANINGS.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
  return `\nExit codes:\n${rows.join('\n')}\n`;
}
