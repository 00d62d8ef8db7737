import type { Experiment, Trial } from '@espalier/api';
import type { Standing } from '@espalier/search';
import { stringify } from 'yaml';
import { formatDuration } from '../../render/duration.ts';
import { count, formatMetric } from '../../render/number.ts';
import type { Extras } from '../../report/read-extras.ts';
import { constraintsText, frontLines, objectivesText } from '../../view/goals.ts';
import { measuredText } from '../../view/standings.ts';
import { DRAW } from '../kinds.ts';
import type { PlotKind } from '../plot-kind.ts';
import { element, escapeMarkup } from '../svg/element.ts';
import type { Theme } from '../svg/theme.ts';
import { mainObjective, type Sweep } from '../sweep.ts';
import { bestModelSection } from './best-model-section.ts';
import { htmlPage, type Section } from './html.ts';
import { leaderboardSection } from './leaderboard-section.ts';
import { scrollingTable, tableRow } from './plain-table.ts';
import { figureBlock } from './plot-page.ts';
import { trialTable } from './trial-table.ts';

export interface ReportSource {
  readonly experiment: Experiment;
  readonly trials: readonly Trial[];
  readonly sweep: Sweep;
  /** Of its configurations, the best first. */
  readonly standings: readonly Standing[];
  readonly extras: Extras;
  /** When, as RFC 3339. */
  readonly written: string;
  /** Of the program that writes it. */
  readonly version: string;
}

/** Question, answer, pictures, failures and how to do it again, in one file. */
export function reportPage(source: ReportSource, theme: Theme = 'auto'): string {
  const { sweep } = source;
  const hasPoints = sweep.trials.some(({ points }) => points.length > 0);
  const hasNorms = sweep.trials.some(({ points }) =>
    points.some(({ values }) => Object.keys(values).some((name) => name.startsWith('grad_norm'))),
  );
  const figures = (kinds: readonly PlotKind[]) =>
    kinds.map((kind) => figureBlock(DRAW[kind](sweep), theme)).join('\n');
  const sections: readonly (Section | undefined)[] = [
    { body: summary(source) },
    leaderboardSection(source, theme),
    { heading: 'Trials', body: trialTable(sweep) },
    { heading: 'How values came about', body: figures(['history', 'timeline']) },
    hasPoints ? { heading: 'Learning curves', body: figures(['curves']) } : undefined,
    {
      heading: 'Parameters',
      body: figures(sweep.parameters.length === 0 ? [] : ['parallel', 'slice', 'importance']),
    },
    sweep.objectives.length > 1 ? { heading: 'Trade-off', body: figures(['pareto']) } : undefined,
    hasNorms ? { heading: 'Gradients', body: figures(['grad-norm']) } : undefined,
    bestModelSection(source, theme),
    failures(source),
    { heading: 'How to do it again', body: recipe(source) },
  ];
  return htmlPage({
    title: `Experiment ${sweep.name}`,
    theme,
    sections: sections.filter((section) => section !== undefined),
  });
}

function summary({ experiment, sweep, written }: ReportSource): string {
  const { status, spec } = experiment;
  const { metric } = mainObjective(sweep);
  const best = status?.best;
  const measured = best && measuredText(best);
  const constraints = constraintsText(spec);
  const begin = Date.parse(status?.startTime ?? '');
  const end = Date.parse(status?.completionTime ?? written);
  const { search } = spec;
  const facts: readonly (readonly [string, string])[] = [
    [
      'Question',
      `${objectivesText(spec)} over ${sweep.parameters.map(({ name }) => name).join(', ')}`,
    ],
    ...(constraints === undefined ? [] : [['Constraints', constraints] as const]),
    [
      'Search',
      `${search.algorithm}, seed ${search.seed}, ${count(spec.trials.max, 'configuration')}`,
    ],
    [
      'State',
      [status?.phase ?? 'Pending', status?.reason, status?.message].filter(Boolean).join(': '),
    ],
    ['Time', Number.isNaN(begin) ? 'not started' : formatDuration(end - begin)],
    [
      'Best',
      best === undefined
        ? 'none yet'
        : `${metric} ${formatMetric(best.value)}${measured === undefined ? '' : ` (${measured})`} by ${best.trial}`,
    ],
    ...frontLines(experiment).map((line) => ['Front', line] as const),
  ];
  const rows = facts.map(
    ([name, text]) =>
      `<tr>${element('th', { scope: 'row' }, name)}${element('td', {}, escapeMarkup(text))}</tr>`,
  );
  return element('table', {}, `<caption class="muted">${written}</caption>${rows.join('')}`);
}

function failures({ trials }: ReportSource): Section | undefined {
  const rows = trials
    .filter(({ status }) => status?.phase === 'Failed')
    .map(({ metadata, status }) => {
      const cells = [status?.reason ?? '', status?.message ?? '', status?.artifacts?.log ?? ''];
      return tableRow([metadata.name, ...cells]);
    });
  if (rows.length === 0) return undefined;
  const heads = ['trial', 'reason', 'message', 'log'];
  return { heading: 'Failures', body: scrollingTable('Trials that failed', heads, rows) };
}

/** The manifest as it was accepted, and the versions of what chose and trained. */
function recipe({ experiment, trials, version }: ReportSource): string {
  const { apiVersion, kind, metadata, spec } = experiment;
  const { name, namespace } = metadata;
  const manifest = stringify({ apiVersion, kind, metadata: { name, namespace }, spec });
  const algorithms = [...new Set(trials.map((trial) => trial.spec.algorithm))].join(', ');
  const versions = `espalier ${version}; suggestions by ${algorithms || 'none'}; node ${process.version}`;
  return [
    element('p', {}, escapeMarkup(versions)),
    element('pre', { tabindex: '0' }, escapeMarkup(manifest)),
  ].join('\n');
}
