import type { Experiment, Trial } from '@espalier/api';
import type { Standing } from '@espalier/search';
import { formatMetric } from '../../render/number.ts';
import { drawIntervals } from '../../report/draw-intervals.ts';
import { formatParameter, parameterRecord, searchedParameters } from '../../view/parameters.ts';
import { intervalText, verdictText } from '../../view/standings.ts';
import { element, escapeMarkup } from '../svg/element.ts';
import type { Theme } from '../svg/theme.ts';
import { mainObjective, type Sweep } from '../sweep.ts';
import type { Section } from './html.ts';
import { scrollingTable, tableRow } from './plain-table.ts';
import { figureBlock } from './plot-page.ts';

const MOST_ROWS = 200;

/** How configurations stand that were run more than once; undefined where none was. */
export function leaderboardSection(
  {
    experiment,
    trials,
    sweep,
    standings,
  }: {
    readonly experiment: Experiment;
    readonly trials: readonly Trial[];
    readonly sweep: Sweep;
    readonly standings: readonly Standing[];
  },
  theme: Theme,
): Section | undefined {
  if (!standings.some(({ replicates }) => replicates > 1)) return undefined;
  const { metric } = mainObjective(sweep);
  const replicate = experiment.spec.replicates?.parameter;
  const names = searchedParameters(experiment).filter((name) => name !== replicate);
  const byConfiguration = new Map(
    trials.map(({ spec }) => [spec.configuration, parameterRecord(spec.parameters)]),
  );
  const shown = standings.slice(0, MOST_ROWS);
  const rows = shown.map((standing, place) => {
    const { index, replicates, mean, pBest, pWorse } = standing;
    const parameters = byConfiguration.get(index);
    return tableRow([
      String(index),
      String(replicates),
      formatMetric(mean),
      intervalText(standing) ?? '',
      pBest?.toFixed(2) ?? '',
      pWorse?.toPrecision(2) ?? '',
      verdictText(standing, place),
      ...names.map((name) => formatParameter(parameters?.[name])),
    ]);
  });
  const heads = ['configuration', 'n', metric, '95 % interval', 'P(best)', 'P(chance)', 'verdict'];
  const left = standings.length - shown.length;
  const words = [
    'P(best) is the probability of the best mean; P(chance) that it is worse than the first by chance alone.',
    ...(left > 0 ? [`The last ${left} are not shown: espalier compare lists all.`] : []),
  ];
  return {
    heading: 'Leaderboard',
    body: [
      figureBlock(drawIntervals(metric, standings), theme),
      element('p', { class: 'muted' }, escapeMarkup(words.join(' '))),
      scrollingTable('Configurations, best first', [...heads, ...names], rows),
    ].join('\n'),
  };
}
