import type { Standing } from '@espalier/search';
import type { Colour, Figure, Mark } from '../plot/figure.ts';
import { choiceScale, linearScale, paddedRange } from '../plot/scale.ts';
import { count, formatMetric } from '../render/number.ts';
import { intervalText, standingsSummary, verdictText } from '../view/standings.ts';

const MOST_SHOWN = 25;

/** The mean of each configuration with its 95 % interval, the best on top. */
export function drawIntervals(metric: string, all: readonly Standing[]): Figure {
  const shown = all.slice(0, MOST_SHOWN);
  const marks = shown.flatMap((standing, place): Mark[] => {
    const { index, mean, interval, replicates } = standing;
    const row = shown.length - 1 - place;
    const colour = colourOf(standing, place);
    const said = [intervalText(standing), verdictText(standing, place)].filter(Boolean).join(', ');
    const hint = `configuration ${index}: ${formatMetric(mean)} of ${count(replicates, 'replicate')}${said && `, ${said}`}`;
    const dot: Mark = { kind: 'dot', at: [mean, row], colour, radius: 4.5, hint };
    if (interval === undefined) return [dot];
    const { low, high } = interval;
    const ends = [
      [low, row],
      [high, row],
    ] as const;
    return [{ kind: 'line', points: ends, colour, width: 2.5, hint }, dot];
  });
  const values = shown.flatMap(({ mean, interval }) => [
    mean,
    ...(interval === undefined ? [] : [interval.low, interval.high]),
  ]);
  return {
    title: 'Means with 95 % intervals',
    summary: `${standingsSummary(all)}.`,
    columns: 1,
    panelHeight: Math.max(90, 26 * shown.length),
    panels: [
      {
        x: { label: metric, scale: linearScale(paddedRange(values)) },
        y: {
          label: 'configuration',
          scale: choiceScale(shown.map(({ index }) => String(index)).toReversed()),
        },
        marks,
        labelWidth: 80,
      },
    ],
    legend: [
      { text: 'the first', colour: 'contrast', mark: 'line' },
      { text: 'cannot be told apart from it', colour: 'accent', mark: 'line' },
      { text: 'worse', colour: 'quiet', mark: 'line' },
    ],
  };
}

function colourOf({ isApart }: Standing, place: number): Colour {
  if (place === 0) return 'contrast';
  return isApart ? 'quiet' : 'accent';
}
