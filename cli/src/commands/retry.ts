import type { ExitCode } from '../exit-codes.ts';
import { notFound } from '../failure.ts';
import { keyOf } from '../key.ts';
import { needExperiment, withClient } from '../location.ts';
import { count } from '../render/number.ts';
import { shellWords } from '../render/shell-words.ts';
import { type SuccessorOptions, startSuccessor } from '../successor/start-successor.ts';
import { retryOf, successorName } from '../successor/successor.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseTrials, type TrialChoice } from '../view/choose-trials.ts';
import { trialRow } from '../view/trial-row.ts';

export interface RetryOptions extends SuccessorOptions, TrialChoice {}

/** Makes a new Experiment of the configurations that failed: what has ended never changes any more. */
export async function retry(
  surroundings: Surroundings,
  name: string,
  options: RetryOptions,
  line: readonly string[],
): Promise<ExitCode> {
  const { stderr, now } = surroundings;
  const { state = ['Failed'], ...choice } = options;
  const manifest = await withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const views = await client.trials(key);
    const rows = views.map((view) => trialRow(experiment, view, now()));
    const chosen = chooseTrials(experiment, rows, { ...choice, state });
    if (chosen.length === 0) {
      throw notFound(`no trial of ${key.name} is ${state.join(' or ')}`, [
        `espalier trials ${key.name} shows how they ended; --state and --where choose others`,
      ]);
    }
    const successor = options.name ?? successorName(key.name, '-retry');
    const trials = chosen.map(({ trial }) => trial);
    const { manifest, left } = retryOf(experiment, trials, successor);
    if (left > 0)
      stderr.write(`${count(left, 'configuration')} more: --where index>... takes them\n`);
    return manifest;
  });
  return startSuccessor(surroundings, manifest, options, again(line));
}

/** Without what is not for the second time. */
export function again(line: readonly string[]): string {
  return shellWords(['espalier', ...line.filter((word) => word !== '--print')]);
}
