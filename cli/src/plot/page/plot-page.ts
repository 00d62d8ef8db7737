import type { Figure } from '../figure.ts';
import { drawSvg } from '../svg/draw-svg.ts';
import { element } from '../svg/element.ts';
import type { Theme } from '../svg/theme.ts';
import type { Sweep } from '../sweep.ts';
import { filters } from './filters.ts';
import { htmlPage } from './html.ts';
import { trialTable } from './trial-table.ts';

/** One picture and the table of its trials as a page. */
export function plotPage(sweep: Sweep, figure: Figure, theme: Theme): string {
  return htmlPage({
    title: figure.title,
    theme,
    sections: [
      { body: figureBlock(figure, theme) },
      { heading: 'Trials', body: trialTable(sweep) },
    ],
  });
}

/** A picture in a page, with the sliders of its axes. */
export function figureBlock(figure: Figure, theme: Theme): string {
  return `${element('figure', {}, drawSvg(figure, { theme, isInPage: true }))}\n${filters(figure)}`;
}
