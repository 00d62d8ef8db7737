import { existsSync } from 'node:fs';
import { type Experiment, mainObjective } from '@espalier/api';
import { isOnCluster } from '../cluster.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Place } from '../key.ts';
import { type Location, stateFolder, withClient } from '../location.ts';
import {
  formatOf,
  listDocument,
  type OutputOptions,
  print,
  tableOptions,
  withHidden,
} from '../output.ts';
import { formatAge } from '../render/duration.ts';
import { formatMetric } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { parameterList, searchedParameters } from '../view/parameters.ts';
import { phaseStyle } from '../view/trial-row.ts';

export interface ListOptions extends Location, OutputOptions {
  readonly allNamespaces?: boolean;
}

export async function list(surroundings: Surroundings, options: ListOptions): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const { all, place } = await everything(surroundings, options);
  const { allNamespaces = false } = options;
  const { namespace } = place;
  const experiments = all
    .filter(({ metadata }) => allNamespaces || metadata.namespace === namespace)
    .toSorted(byKey);
  if (experiments.length === 0) {
    const others = all.length > 0 ? ' (there are some in others: espalier list -A)' : '';
    stderr.write(`no Experiments in ${printable(place.name)}, namespace ${namespace}${others}\n`);
  }
  const format = formatOf(options);
  if (experiments.length === 0 && format !== 'json' && format !== 'yaml') return EXIT.ok;
  await print(stdout, format, {
    document: () => listDocument(experiments),
    names: () => experiments.map(({ metadata }) => `experiment.espalier.dev/${metadata.name}`),
    table: (isWide) =>
      withHidden(
        renderTable(
          columns(allNamespaces, isWide),
          experiments.map((experiment) =>
            row(experiment, allNamespaces, isWide, surroundings.now()),
          ),
          tableOptions(stdout, isWide),
        ),
        stdout,
      ),
  });
  return EXIT.ok;
}

async function everything(
  surroundings: Surroundings,
  options: ListOptions,
): Promise<{ readonly all: readonly Experiment[]; readonly place: Place }> {
  if (!isOnCluster(options)) {
    const dir = stateFolder(surroundings, options);
    // One that nobody has used yet holds nothing; that is an answer and not an error.
    const place = { namespace: options.namespace ?? 'default', name: dir };
    if (!existsSync(dir)) return { all: [], place };
  }
  return withClient(surroundings, options, async (client, place) => {
    return { all: await client.experiments(), place };
  });
}

function byKey(a: Experiment, b: Experiment): number {
  return (
    a.metadata.namespace.localeCompare(b.metadata.namespace) ||
    a.metadata.name.localeCompare(b.metadata.name)
  );
}

function columns(withNamespace: boolean, isWide: boolean): readonly Column[] {
  return [
    ...(withNamespace ? [{ header: 'NAMESPACE' }] : []),
    { header: 'NAME' },
    { header: 'PHASE' },
    { header: 'PROGRESS', align: 'right' },
    { header: 'RUNNING', align: 'right', dropRank: 3 },
    { header: 'BEST', align: 'right' },
    { header: 'OBJECTIVE', dropRank: 2 },
    { header: 'AGE', align: 'right', dropRank: 1 },
    ...(isWide
      ? [{ header: 'ALGORITHM' }, { header: 'BEST TRIAL' }, { header: 'PARAMETERS' }]
      : []),
  ];
}

function row(
  experiment: Experiment,
  withNamespace: boolean,
  isWide: boolean,
  nowMs: number,
): readonly Cell[] {
  const { metadata, spec, status } = experiment;
  const phase = status?.phase ?? 'Pending';
  const best = status?.best;
  return [
    ...(withNamespace ? [metadata.namespace] : []),
    metadata.name,
    { text: phase, style: phaseStyle(phase) },
    status?.progress ?? `0/${spec.trials.max}`,
    String(status?.trials?.running ?? 0),
    best === undefined ? '-' : formatMetric(best.value),
    mainObjective(spec).metric,
    formatAge(metadata.creationTimestamp, nowMs),
    ...(isWide
      ? [
          spec.search.algorithm,
          best?.trial ?? '-',
          best === undefined ? '-' : parameterList(best.parameters, searchedParameters(experiment)),
        ]
      : []),
  ];
}
