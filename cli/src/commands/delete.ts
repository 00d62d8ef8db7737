import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, invalid } from '../failure.ts';
import { keyOf } from '../key.ts';
import { type Location, needExperiment, withClient } from '../location.ts';
import { count } from '../render/number.ts';
import type { Surroundings } from '../surroundings.ts';

export interface DeleteOptions extends Location {
  readonly yes?: boolean;
}

export async function deleteExperiment(
  surroundings: Surroundings,
  name: string,
  options: DeleteOptions,
): Promise<ExitCode> {
  const { stderr, ask } = surroundings;
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const { status, spec } = experiment;
    const total = status?.trials?.total ?? 0;
    const active = (status?.trials?.running ?? 0) + (status?.trials?.starting ?? 0);
    const files =
      spec.artifacts.onDelete === 'Delete' ? 'and all of its artifacts' : '(its artifacts stay)';
    const running = active > 0 ? `; ${count(active, 'trial')} running now will be ended` : '';
    const what = `${key.name} with ${count(total, 'trial')} ${files}${running}`;
    if (options.yes !== true) {
      if (ask === undefined) {
        throw invalid(`this would delete ${what}`, ['nobody is here to confirm it: add --yes']);
      }
      const answer = await ask(`delete ${what}? [y/N] `);
      if (!/^y(es)?$/i.test(answer.trim())) {
        throw new Failure('nothing was deleted', { exitCode: EXIT.refused });
      }
    }
    await client.deleteExperiment(key);
    stderr.write(`deleted ${what}\n`);
    return EXIT.ok;
  });
}
