import { element, escapeMarkup } from '../svg/element.ts';

/** A row of texts, of which the first one names it. */
export function tableRow([name = '', ...cells]: readonly string[]): string {
  const head = element('th', { scope: 'row' }, escapeMarkup(name));
  const rest = cells.map((text) => element('td', {}, escapeMarkup(text)));
  return element('tr', {}, [head, ...rest].join(''));
}

/** A table in a box of its own, through which one can go by keyboard. */
export function scrollingTable(
  caption: string,
  heads: readonly string[],
  rows: readonly string[],
): string {
  const cells = heads.map((text) => element('th', { scope: 'col' }, escapeMarkup(text)));
  const head = element('thead', {}, element('tr', {}, cells.join('')));
  const title = element('caption', { class: 'muted' }, escapeMarkup(caption));
  const table = element('table', {}, `${title}\n${head}\n${element('tbody', {}, rows.join('\n'))}`);
  const box = { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption };
  return element('div', box, table);
}
