import type { Figure, LegendEntry } from '../figure.ts';
import { element, escapeMarkup } from './element.ts';
import { drawPanel, type Frame } from './panel.ts';
import { colourClass, type Theme, themeCss } from './theme.ts';

export interface SvgOptions {
  readonly theme: Theme;
  /** @default 960 */
  readonly width?: number;
  /** A page that holds several pictures has their colours in its own style. */
  readonly isInPage?: boolean;
}

const TITLE_HEIGHT = 56;
const LEGEND_HEIGHT = 30;
const FONT = 'DejaVu Sans, Liberation Sans, Helvetica, Arial, sans-serif';

/** The picture as one SVG document, readable by people and by screen readers. */
export function drawSvg(
  figure: Figure,
  { theme, width = 960, isInPage = false }: SvgOptions,
): string {
  const { title, summary, columns, panelHeight, panels, legend = [] } = figure;
  const top = TITLE_HEIGHT + (legend.length > 0 ? LEGEND_HEIGHT : 0);
  const rowHeight = panelHeight + 78;
  const columnWidth = width / columns;
  const height = top + Math.ceil(panels.length / columns) * rowHeight;
  const frames = panels.map((panel, n): Frame => {
    const left = (n % columns) * columnWidth + (panel.labelWidth ?? 72);
    return {
      left,
      top: top + Math.floor(n / columns) * rowHeight + 26,
      width: (Math.floor(n % columns) + 1) * columnWidth - 20 - left,
      height: panelHeight,
    };
  });
  const body = [
    isInPage ? '' : `<style>\n${themeCss(theme)}\n</style>`,
    isInPage ? '' : element('rect', { class: 'c-ground', width, height, fill: 'currentColor' }),
    text(20, 28, title, { class: 'c-ink', 'font-size': 17, 'font-weight': 'bold' }),
    text(20, 48, summary, { class: 'c-muted', 'font-size': 13 }),
    ...drawLegend(legend, 20, TITLE_HEIGHT + 14),
    ...panels.map((panel, n) => drawPanel(panel, frames[n] as Frame)),
  ].filter((part) => part !== '');
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    ...(isInPage ? {} : { width, height }),
    'font-family': FONT,
    role: 'img',
    'aria-label': `${title}. ${summary}`,
  };
  return element('svg', attributes, `\n${body.join('\n')}\n`);
}

function text(
  x: number,
  y: number,
  words: string,
  attributes: Readonly<Record<string, string | number>>,
): string {
  return element('text', { x, y, fill: 'currentColor', ...attributes }, escapeMarkup(words));
}

function drawLegend(entries: readonly LegendEntry[], left: number, middle: number): string[] {
  let x = left;
  return entries.map(({ text: words, colour, mark }) => {
    const begin = x;
    x += 44 + words.length * 7.2;
    const base = { class: colourClass(colour) };
    const sign =
      mark === 'line'
        ? element('line', {
            ...base,
            x1: begin,
            x2: begin + 20,
            y1: middle,
            y2: middle,
            stroke: 'currentColor',
            'stroke-width': 3,
          })
        : mark === 'bar'
          ? element('rect', {
              ...base,
              x: begin + 2,
              y: middle - 5,
              width: 18,
              height: 10,
              fill: 'currentColor',
            })
          : element('circle', { ...base, cx: begin + 10, cy: middle, r: 5, fill: 'currentColor' });
    return sign + text(begin + 26, middle + 4.5, words, { class: 'c-muted', 'font-size': 12 });
  });
}
