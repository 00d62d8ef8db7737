import type { Experiment } from '@espalier/api';
import { DRAWN_EXTRA } from '@espalier/api';
import type { Confusion } from '../../report/confusion.ts';
import { drawClassMap } from '../../report/draw-class-map.ts';
import { drawConfusion, MOST_CLASSES, percent, totalsOf } from '../../report/draw-confusion.ts';
import type { Extras } from '../../report/read-extras.ts';
import { element, escapeMarkup } from '../svg/element.ts';
import type { Theme } from '../svg/theme.ts';
import type { Section } from './html.ts';
import { scrollingTable, tableRow } from './plain-table.ts';
import { figureBlock } from './plot-page.ts';

/** Of the pairs that are taken for each other. */
const MOST_PAIRS = 20;

/** What the best model takes for what, and where it sees classes; undefined before there is a best. */
export function bestModelSection(
  { experiment, extras }: { readonly experiment: Experiment; readonly extras: Extras },
  theme: Theme,
): Section | undefined {
  const { confusion, classMap, notes } = extras;
  const best = experiment.status?.best?.trial;
  if (best === undefined && confusion === undefined && classMap === undefined) return undefined;
  const hasConfusion = confusion !== undefined && confusion.images > 0;
  const hasMap = classMap !== undefined && classMap.images.length > 0;
  const isPlain = !hasConfusion && !hasMap && notes.length === 0;
  const said = isPlain
    ? [`The trainer has left neither ${Object.values(DRAWN_EXTRA).join(' nor ')}.`]
    : notes;
  return {
    heading: 'The best model',
    body: [
      ...(hasConfusion ? confusionParts(confusion, theme) : []),
      ...(hasMap ? [figureBlock(drawClassMap(classMap), theme)] : []),
      ...said.map((note) => element('p', { class: 'muted' }, escapeMarkup(note))),
    ].join('\n'),
  };
}

function confusionParts(confusion: Confusion, theme: Theme): readonly string[] {
  const { classes, cells } = confusion;
  const totals = totalsOf(cells);
  const wrong = cells
    .filter(({ label, predicted }) => label !== predicted)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, MOST_PAIRS)
    .map(({ label, predicted, count }) => {
      const share = percent(count / (totals.get(label) ?? count));
      return tableRow([label, predicted, String(count), share]);
    });
  const heads = ['label', 'taken for', 'images', 'of the label'];
  return [
    ...(classes.length <= MOST_CLASSES ? [figureBlock(drawConfusion(confusion), theme)] : []),
    ...(wrong.length === 0 ? [] : [scrollingTable('Most frequent confusions', heads, wrong)]),
  ];
}
