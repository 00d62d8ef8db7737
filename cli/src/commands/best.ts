import { isOnCluster } from '../cluster.ts';
import { type BestAttempt, fetchBest } from '../download/fetch-best.ts';
import { bestFolder } from '../download/open-source.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import {
  folderOf,
  type Location,
  needExperiment,
  withClient,
  withUserCluster,
} from '../location.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { formatMetric } from '../render/number.ts';
import { type Cell, renderFields } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import type { StoreFlags } from '../transfer/store-options.ts';
import { type BestDocument, bestDocument } from '../view/best-document.ts';
import { formatParameter } from '../view/parameters.ts';
import { measuredText } from '../view/standings.ts';

export interface BestOptions extends Location, OutputOptions, StoreFlags {
  readonly download?: string;
}

/** The best Trial of an Experiment here or on a cluster; its files are fetched if asked for. */
export async function best(
  surroundings: Surroundings,
  name: string,
  options: BestOptions,
): Promise<ExitCode> {
  const { stdout } = surroundings;
  const { download } = options;
  const document = await remoteWork(surroundings, async (signal) => {
    const found = isOnCluster(options)
      ? await onCluster(surroundings, name, options)
      : await here(surroundings, name, options);
    if (download === undefined) return found.document;
    return fetchBest(surroundings, found, download, options, signal);
  });
  await print(stdout, formatOf(options), {
    document: () => document,
    names: () => [`trial.espalier.dev/${document.trial}`],
    table: () => renderFields(bestFields(document), stdout.paint),
  });
  return EXIT.ok;
}

async function here(
  surroundings: Surroundings,
  name: string,
  options: BestOptions,
): Promise<BestAttempt> {
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const views = await client.trials(key);
    const record = experiment.status?.best;
    const trial = views.find((view) => view.trial.metadata.name === record?.trial)?.trial;
    const log = trial === undefined ? undefined : await client.logFile(trial);
    const dir = folderOf(surroundings, options);
    const document = bestDocument(experiment, trial, { dir, log });
    return { document, attempt: bestFolder(experiment, trial) };
  });
}

async function onCluster(
  surroundings: Surroundings,
  name: string,
  options: BestOptions,
): Promise<BestAttempt> {
  return withUserCluster(surroundings, options, async ({ cluster, client, place, signal }) => {
    const experiment = await needExperiment(client, keyOf(name, place));
    const { namespace } = experiment.metadata;
    const best = experiment.status?.best?.trial;
    const trial =
      best === undefined ? undefined : await cluster.trial({ namespace, name: best }, { signal });
    const document = bestDocument(experiment, trial, {});
    return { document, attempt: bestFolder(experiment, trial) };
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
  const measured = measuredText(document);
  return [
    ['trial', document.trial],
    [document.metric, { text: formatMetric(document.value), style: 'good' }],
    ...(measured === undefined ? [] : [['measured', measured] as const]),
    ...Object.entries(document.values ?? {})
      .slice(1)
      .map(([metric, value]): [string, Cell] => [metric, formatMetric(value)]),
    ...Object.entries(document.parameters).map(([name, value]): [string, Cell] => [
      name,
      formatParameter(value as Parameters<typeof formatParameter>[0]),
    ]),
    ...paths.flatMap(([name, path]) => (path === undefined ? [] : [[name, path] as const])),
    ...(document.pareto ?? []).map((entry): [string, Cell] => [
      'front',
      `${entry.trial}: ${Object.entries(entry.values)
        .map(([metric, value]) => `${metric} ${formatMetric(value)}`)
        .join(', ')}`,
    ]),
  ];
}
