import { mainObjective } from '@espalier/api';
import type { Standing } from '@espalier/search';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { formatOf, type OutputOptions, print } from '../output.ts';
import { findRecord, type RecordFlags } from '../record.ts';
import { formatMetric } from '../render/number.ts';
import { type Cell, type Column, renderTable } from '../render/table.ts';
import type { Surroundings } from '../surroundings.ts';
import { intervalText, standingsSummary, verdictText } from '../view/standings.ts';

export interface CompareOptions extends RecordFlags, OutputOptions {
  readonly limit?: number;
}

/** Shows which configurations of an Experiment cannot be told apart by what was measured. */
export async function compare(
  surroundings: Surroundings,
  name: string,
  options: CompareOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const { experiment, trials } = await findRecord(surroundings, name, options);
  const engine = await surroundings.engine();
  const all = engine.leaderboardOf(experiment.spec, trials);
  const shown = all.slice(0, options.limit);
  const { metadata, spec } = experiment;
  const { metric } = mainObjective(spec);
  await print(stdout, formatOf(options), {
    document: () => ({
      ...{ experiment: metadata.name, namespace: metadata.namespace, metric },
      configurations: shown.map(({ index, ...standing }) => ({
        configuration: index,
        ...standing,
      })),
    }),
    names: () => shown.map(({ index }) => String(index)),
    table: () => renderTable(columns(metric), shown.map(rowOf), { paint: stdout.paint }).lines,
  });
  stderr.write(`${standingsSummary(all)}\n`);
  return EXIT.ok;
}

function columns(metric: string): readonly Column[] {
  return [
    { header: 'CONFIGURATION', align: 'right' },
    { header: 'N', align: 'right' },
    { header: metric.toUpperCase(), align: 'right' },
    { header: '95 % INTERVAL', align: 'right' },
    { header: 'P(BEST)', align: 'right' },
    { header: 'P(CHANCE)', align: 'right' },
    { header: 'AGAINST THE FIRST' },
  ];
}

const NOTHING = '-';

function rowOf(standing: Standing, place: number): readonly Cell[] {
  const { index, mean, replicates, pBest, pWorse, isApart } = standing;
  const verdict = verdictText(standing, place);
  return [
    { text: String(index), style: place === 0 ? 'good' : 'plain' },
    String(replicates),
    formatMetric(mean),
    intervalText(standing) ?? NOTHING,
    pBest?.toFixed(2) ?? NOTHING,
    pWorse?.toPrecision(2) ?? NOTHING,
    isApart || place === 0 ? verdict : { text: verdict, style: 'warning' },
  ];
}
