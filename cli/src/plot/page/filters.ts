import type { Figure } from '../figure.ts';
import { element, escapeMarkup } from '../svg/element.ts';

/** Two sliders for each axis of a picture, for whom a brush is no use; nothing without such axes. */
export function filters({ panels }: Figure): string {
  const rails = panels.flatMap(({ rails: all = [] }) => all);
  if (rails.length === 0) return '';
  const sliders = rails.map(({ label }, n) => {
    const [from, to] = [slider(n, `${label} from`, 0), slider(n, `${label} to`, 1)];
    return `<span>${escapeMarkup(label)} ${from} ${to}</span>`;
  });
  return element('fieldset', {}, `<legend>Filter by axis</legend>\n${sliders.join('\n')}`);
}

function slider(rail: number, label: string, value: number): string {
  return element('input', {
    type: 'range',
    min: '0',
    max: '1',
    step: '0.005',
    value: String(value),
    'data-rail': String(rail),
    'aria-label': label,
  });
}
