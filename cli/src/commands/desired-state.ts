import type { DesiredState } from '@espalier/api';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { keyOf } from '../key.ts';
import { type Location, needExperiment, withClient } from '../location.ts';
import type { Surroundings } from '../surroundings.ts';

const SAID: Readonly<Record<DesiredState, string>> = {
  Run: 'goes on',
  Pause: 'paused: the trials that run go on, no new one starts',
  Stop: 'stopping: no new trial starts, it ends with those that run',
  Cancel: 'cancelled: the trials that run are ended now',
};

/** `pause`, `resume`, `stop` and `cancel`. */
export async function setDesiredState(
  surroundings: Surroundings,
  name: string,
  state: DesiredState,
  options: Location & { readonly json?: boolean },
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const before = await needExperiment(client, key);
    const phase = before.status?.phase ?? 'Pending';
    if (phase === 'Succeeded' || phase === 'Failed' || phase === 'Cancelled') {
      throw new Failure(`${key.name} is ${phase} and cannot change any more`, {
        exitCode: EXIT.refused,
        hints: [`espalier best ${key.name} shows its result`],
      });
    }
    const after = await client.setDesiredState(key, state).catch((error: unknown) => {
      throw refusal(error, key.name, before.spec.desiredState, state);
    });
    if (options.json === true) stdout.write(`${JSON.stringify(after, undefined, 2)}\n`);
    else stderr.write(`${key.name} ${SAID[state]}\n`);
    return EXIT.ok;
  });
}

/** Stop and Cancel are decisions: what was stopped cannot go on. */
function refusal(error: unknown, name: string, from: DesiredState, to: DesiredState): unknown {
  const isRefused = error instanceof Error && 'code' in error && error.code === 'InvalidSpec';
  if (!isRefused) return error;
  return new Failure(`${name} cannot go from ${from} to ${to}: ${error.message}`, {
    exitCode: EXIT.refused,
    hints: ['to go on with its parameters, run the manifest under another name'],
    cause: error,
  });
}
