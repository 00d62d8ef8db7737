import { mainObjective } from '@espalier/api';
import { type Channel, writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { keyOf } from '../key.ts';
import { type Location, needExperiment, withClient } from '../location.ts';
import {
  formatOf,
  listDocument,
  type OutputOptions,
  print,
  tableOptions,
  withHidden,
} from '../output.ts';
import { columnsTable, trialsTable } from '../render/trials-table.ts';
import type { Snapshot } from '../run/snapshot.ts';
import type { Surroundings } from '../surroundings.ts';
import { chooseTrials, type TrialChoice } from '../view/choose-trials.ts';
import { orderBy } from '../view/ranking.ts';
import type { SortKey } from '../view/sort-keys.ts';
import { needField, trialFields } from '../view/trial-fields.ts';
import { trialRow } from '../view/trial-row.ts';

export interface TrialsOptions extends Location, OutputOptions, TrialChoice {
  readonly sort?: SortKey;
  readonly limit?: number;
  readonly columns?: readonly string[];
}

export async function trials(
  surroundings: Surroundings,
  name: string,
  options: TrialsOptions,
): Promise<ExitCode> {
  const { stdout, stderr, now } = surroundings;
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const experiment = await needExperiment(client, key);
    const fields = trialFields(experiment);
    const columns = options.columns?.map((column) => needField(fields, column));
    const views = await client.trials(key);
    const all = views
      .map((view) => trialRow(experiment, view, now()))
      .toSorted(orderBy(options.sort ?? 'value', mainObjective(experiment.spec).goal));
    const rows = chooseTrials(experiment, all, options).slice(0, options.limit);
    const format = formatOf(options);
    if (rows.length === 0) {
      const states = [...new Set(all.map(({ state }) => state))].join(', ');
      const none = `no such trial among ${all.length}, which are ${states}`;
      stderr.write(
        `${experiment.metadata.name} has ${all.length === 0 ? 'no trials yet' : none}\n`,
      );
    }
    if (rows.length === 0 && format !== 'json' && format !== 'yaml') return EXIT.ok;
    await print(stdout, format, {
      document: () => listDocument(rows.map(({ trial }) => trial)),
      names: () => rows.map((row) => `trial.espalier.dev/${row.name}`),
      table: (isWide) =>
        withHidden(
          columns === undefined
            ? trialsTable(experiment, rows, {
                ...tableOptions(stdout, isWide),
                isWide,
                bestTrial: experiment.status?.best?.trial,
              })
            : columnsTable(columns, rows, tableOptions(stdout, isWide)),
          stdout,
        ),
    });
    return EXIT.ok;
  });
}

/** What a run leaves on the screen: the trials, best first; on a terminal at most a page of them. */
export function printLeaderboard(stdout: Channel, stderr: Channel, snapshot: Snapshot): void {
  const { experiment, trials: views, atMs } = snapshot;
  const rows = views
    .map((view) => trialRow(experiment, view, atMs))
    .toSorted(orderBy('value', mainObjective(experiment.spec).goal));
  if (rows.length === 0) return;
  const shown = stdout.isTerminal ? rows.slice(0, MOST_ON_TERMINAL) : rows;
  writeLines(
    stdout,
    withHidden(
      trialsTable(experiment, shown, {
        ...tableOptions(stdout),
        bestTrial: experiment.status?.best?.trial,
      }),
      stdout,
    ),
  );
  if (shown.length < rows.length) {
    const more = rows.length - shown.length;
    stderr.write(`${more} more: espalier trials ${experiment.metadata.name}\n`);
  }
}

const MOST_ON_TERMINAL = 100;
