import { type Experiment, mainObjective } from '@espalier/api';
import { furtherMetrics, leadingTrials } from '../view/goals.ts';
import { assignedValue, formatParameter, searchedParameters } from '../view/parameters.ts';
import type { TrialField } from '../view/trial-fields.ts';
import { phaseStyle, type TrialRow } from '../view/trial-row.ts';
import { formatDuration } from './duration.ts';
import { formatMetric, formatRate } from './number.ts';
import { sparkline } from './sparkline.ts';
import type { Paint } from './style.ts';
import {
  type Cell,
  type Column,
  type RenderedTable,
  renderTable,
  type TableOptions,
} from './table.ts';

export interface TrialsTableOptions {
  readonly width?: number | undefined;
  readonly paint?: Paint;
  readonly bestTrial?: string | undefined;
  readonly trendOf?: (trial: string) => readonly number[];
  /** Shows speed, time left and a trend, and the value reported last instead of the one that counts. */
  readonly isLive?: boolean;
  /** Shows all parameters, the attempt and the reason. */
  readonly isWide?: boolean;
}

type Field = Column & { readonly cell: (row: TrialRow) => Cell };

const TREND_WIDTH = 10;
const NOTHING = '-';
/** The time left is worth more than the fourth parameter. */
const LEFT_RANK = 97.5;

/** A row per trial in the given order; the parameters that all trials share are left out. */
export function trialsTable(
  experiment: Experiment,
  rows: readonly TrialRow[],
  options: TrialsTableOptions = {},
): RenderedTable {
  const table = withNames(experiment, rows, options, false);
  // A live table names the Experiment above: where room is short, the index must do.
  const isCrowded = options.isLive === true && table.hidden.length > 0;
  return isCrowded ? withNames(experiment, rows, options, true) : table;
}

/** The named columns and no others, none of them cut away for the width before the last ones. */
export function columnsTable(
  columns: readonly TrialField[],
  rows: readonly TrialRow[],
  options: TableOptions,
): RenderedTable {
  const isNumber = ({ value }: TrialField) =>
    rows.every((row) => ['number', 'undefined'].includes(typeof value(row)));
  return renderTable(
    columns.map((column, place) => ({
      header: column.name.toUpperCase(),
      align: isNumber(column) ? 'right' : 'left',
      dropRank: -place,
    })),
    rows.map((row) => columns.map(({ value, text }) => text(value(row)))),
    options,
  );
}

function withNames(
  experiment: Experiment,
  rows: readonly TrialRow[],
  options: TrialsTableOptions,
  isShort: boolean,
): RenderedTable {
  const { bestTrial } = options;
  const leading = new Set([
    ...leadingTrials(experiment),
    ...(bestTrial === undefined ? [] : [bestTrial]),
  ]);
  const fields = [
    ...identity(leading, isShort),
    ...parameterFields(experiment, rows, options.isWide ?? false),
    ...results(experiment, options.isLive ?? false),
    ...(options.isLive ? speed(rows, options.trendOf ?? (() => [])) : []),
    ...(options.isWide ? details() : []),
  ];
  return renderTable(
    fields,
    rows.map((row) => fields.map(({ cell }) => cell(row))),
    {
      ...(options.width === undefined ? {} : { width: options.width }),
      ...(options.paint === undefined ? {} : { paint: options.paint }),
    },
  );
}

function identity(leading: ReadonlySet<string>, isShort: boolean): readonly Field[] {
  return [
    {
      header: 'TRIAL',
      cell: ({ name }) => ({
        text: isShort ? name.slice(name.lastIndexOf('-') + 1) : name,
        style: leading.has(name) ? 'good' : 'plain',
      }),
    },
    { header: 'STATE', cell: ({ state, phase }) => ({ text: state, style: phaseStyle(phase) }) },
  ];
}

function parameterFields(
  experiment: Experiment,
  rows: readonly TrialRow[],
  isWide: boolean,
): readonly Field[] {
  const searched = searchedParameters(experiment);
  const all = [...new Set(rows.flatMap(({ trial }) => trial.spec.parameters.map((p) => p.name)))];
  const names = isWide ? all : searched;
  const areNumbers = (name: string) =>
    rows.every(({ trial }) => {
      const value = trial.spec.parameters.find((entry) => entry.name === name);
      return value === undefined || typeof assignedValue(value) === 'number';
    });
  return names.map((name, place) => ({
    header: name.toUpperCase(),
    align: areNumbers(name) ? 'right' : 'left',
    // After the figures that a terminal can spare, the parameters declared last go first.
    dropRank: 100 - place,
    hasPatientHeader: true,
    cell: ({ trial }) => {
      const entry = trial.spec.parameters.find((assigned) => assigned.name === name);
      return entry === undefined ? NOTHING : formatParameter(assignedValue(entry));
    },
  }));
}

function results(experiment: Experiment, isLive: boolean): readonly Field[] {
  return [
    { header: 'EPOCH', align: 'right', cell: epochText },
    {
      header: mainObjective(experiment.spec).metric.toUpperCase(),
      align: 'right',
      cell: ({ value, latest }) => {
        const shown = isLive ? latest : value;
        return shown === undefined ? NOTHING : formatMetric(shown);
      },
    },
    ...furtherMetrics(experiment.spec).map(
      (metric): Field => ({
        header: metric.toUpperCase(),
        align: 'right',
        cell: ({ trial }) => {
          const found = trial.status?.observation?.values?.find((one) => one.metric === metric);
          return found === undefined ? NOTHING : formatMetric(found.value);
        },
      }),
    ),
    {
      header: 'TIME',
      align: 'right',
      dropRank: 2,
      cell: ({ elapsedMs }) => (elapsedMs === undefined ? NOTHING : formatDuration(elapsedMs)),
    },
  ];
}

function epochText({ epoch, epochs }: TrialRow): string {
  if (epochs !== undefined) return `${epoch}/${epochs}`;
  return epoch > 0 ? String(epoch) : NOTHING;
}

function speed(
  rows: readonly TrialRow[],
  trendOf: (trial: string) => readonly number[],
): readonly Field[] {
  const fields: Field[] = [
    {
      header: 'LEFT',
      align: 'right',
      dropRank: LEFT_RANK,
      cell: ({ remainingMs }) => (remainingMs === undefined ? '' : formatDuration(remainingMs)),
    },
    {
      header: 'IMG/S',
      align: 'right',
      dropRank: 3,
      cell: ({ imagesPerSecond: rate }) => (rate === undefined ? '' : formatRate(rate)),
    },
    {
      header: 'TREND',
      dropRank: 1,
      cell: ({ name }) => ({ text: sparkline(trendOf(name), TREND_WIDTH), style: 'active' }),
    },
  ];
  // A column that nobody fills only takes the place of another.
  return fields.filter(({ cell }) => rows.some((row) => !isEmpty(cell(row))));
}

function isEmpty(cell: Cell): boolean {
  return (typeof cell === 'string' ? cell : cell.text) === '';
}

function details(): readonly Field[] {
  return [
    { header: 'ATTEMPT', align: 'right', cell: ({ attempt }) => String(attempt) },
    { header: 'ALGORITHM', cell: ({ trial }) => trial.spec.algorithm },
    { header: 'MESSAGE', cell: ({ trial }) => trial.status?.message ?? '' },
  ];
}
