import { EXIT, type ExitCode } from '../exit-codes.ts';
import { folderOf, keyOf, type Location, needExperiment, withClient } from '../location.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { formatMetric } from '../render/number.ts';
import { type Cell, renderFields } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { type BestDocument, bestDocument } from '../view/best-document.ts';
import { formatParameter } from '../view/parameters.ts';

export async function best(
  surroundings: Surroundings,
  name: string,
  options: Location & OutputOptions,
): Promise<ExitCode> {
  const { stdout } = surroundings;
  const key = keyOf(name, options);
  return withClient(surroundings, options, async (client) => {
    const experiment = await needExperiment(client, key);
    const record = experiment.status?.best;
    const views = await client.trials(key);
    const trial = views.find((view) => view.trial.metadata.name === record?.trial)?.trial;
    const log = trial === undefined ? undefined : await client.logFile(trial);
    const document = bestDocument(experiment, trial, { dir: folderOf(surroundings, options), log });
    await print(stdout, formatOf(options), {
      document: () => document,
      names: () => [`trial.espalier.dev/${document.trial}`],
      table: () => renderFields(bestFields(document), stdout.paint),
    });
    return EXIT.ok;
  });
}

function bestFields(document: BestDocument): readonly (readonly [string, Cell])[] {
  const paths: readonly (readonly [string, string | undefined])[] = [
    ['checkpoint', document.checkpoint],
    ['metrics.csv', document.metricsCsv],
    ['trials.csv', document.trialsCsv],
    ['submission.csv', document.submissionCsv],
    ['folder', document.folder],
  ];
  return [
    ['trial', document.trial],
    [document.metric, { text: formatMetric(document.value), style: 'good' }],
    ...Object.entries(document.parameters).map(([name, value]): [string, Cell] => [
      name,
      formatParameter(value as Parameters<typeof formatParameter>[0]),
    ]),
    ...paths.flatMap(([name, path]) => (path === undefined ? [] : [[name, path] as const])),
  ];
}
