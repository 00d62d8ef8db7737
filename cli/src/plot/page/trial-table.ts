import { formatMetric, formatNumber } from '../../render/number.ts';
import { element, escapeMarkup } from '../svg/element.ts';
import { isBetter, mainObjective, mainValue, type PlottedTrial, type Sweep } from '../sweep.ts';

/** Every trial as a row, best first; one can go through it by keyboard, and sort it by its headings. */
export function trialTable(sweep: Sweep): string {
  const headings = [
    'trial',
    ...sweep.objectives.map(({ metric }) => metric),
    'state',
    ...sweep.parameters.map(({ name }) => name),
    'files',
  ].map((name) =>
    element('th', { scope: 'col' }, element('button', { type: 'button' }, escapeMarkup(name))),
  );
  const rows = bestFirst(sweep).map((trial) => row(sweep, trial));
  const table = element(
    'table',
    {},
    [
      element('caption', { class: 'muted' }, 'Every trial, best first'),
      element('thead', {}, element('tr', {}, headings.join(''))),
      element('tbody', {}, rows.join('\n')),
    ].join('\n'),
  );
  const status = element('p', { id: 'shown', role: 'status', class: 'muted' }, '');
  const box = { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Table of trials' };
  return `${status}\n${element('div', box, table)}`;
}

function bestFirst(sweep: Sweep): readonly PlottedTrial[] {
  const { goal } = mainObjective(sweep);
  return sweep.trials.toSorted((a, b) => {
    if (a.isInfeasible !== b.isInfeasible) return Number(a.isInfeasible) - Number(b.isInfeasible);
    const [left, right] = [mainValue(a), mainValue(b)];
    if (left === undefined || right === undefined) {
      return Number(left === undefined) - Number(right === undefined) || a.index - b.index;
    }
    if (left === right) return a.index - b.index;
    return isBetter(goal, left, right) ? -1 : 1;
  });
}

function row(sweep: Sweep, trial: PlottedTrial): string {
  const values = sweep.objectives.map((_, n) => {
    const value = trial.values[n];
    return cell(value === undefined ? '' : formatMetric(value), value);
  });
  const parameters = sweep.parameters.map(({ name }) => {
    const value = trial.parameters[name];
    return cell(typeof value === 'number' ? formatNumber(value) : (value ?? ''), value);
  });
  const cells = [
    element('th', { scope: 'row', 'data-sort': String(trial.index) }, escapeMarkup(trial.name)),
    ...values,
    cell(trial.isInfeasible ? `${trial.state}, misses a constraint` : trial.state, trial.state),
    ...parameters,
    element('td', {}, links(trial)),
  ];
  return element('tr', { tabindex: '0', 'data-trial': trial.name }, cells.join(''));
}

function cell(text: string, sort: number | string | undefined): string {
  return element('td', { 'data-sort': String(sort ?? '') }, escapeMarkup(text));
}

function links({ links: { log, checkpoint } }: PlottedTrial): string {
  return [link('log', log), link('checkpoint', checkpoint)].filter((each) => each !== '').join(' ');
}

/** A browser opens files and pages; what lies in a bucket is named. */
function link(text: string, uri: string | undefined): string {
  if (uri === undefined) return '';
  if (/^(file|https?):/.test(uri)) return element('a', { href: uri }, text);
  return element('span', { title: uri }, escapeMarkup(`${text}: ${uri}`));
}
