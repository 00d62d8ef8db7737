import type { Axis, Mark, Panel, Rail, XY } from '../figure.ts';
import { element, escapeMarkup, pixels } from './element.ts';
import { colourClass } from './theme.ts';

/** Where a panel's axes lie in its picture, in pixels. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function drawPanel(panel: Panel, frame: Frame): string {
  const place = placing(panel, frame);
  const parts = [
    panel.title === undefined
      ? ''
      : label(frame.left, frame.top - 10, panel.title, { 'font-size': 13, class: 'c-ink' }),
    ...drawX(panel.x, frame),
    ...drawY(panel.y, frame),
    element('g', { class: 'marks' }, panel.marks.map((mark) => drawMark(mark, place)).join('\n')),
    ...(panel.rails ?? []).map((rail, n) => drawRail(rail, n, frame)),
  ];
  return element('g', {}, parts.filter((part) => part !== '').join('\n'));
}

type Place = (at: XY) => XY;

function placing({ x, y }: Panel, { left, top, width, height }: Frame): Place {
  return ([h, v]) => [left + x.scale.at(h) * width, top + (1 - y.scale.at(v)) * height];
}

function label(
  x: number,
  y: number,
  text: string,
  attributes: Readonly<Record<string, string | number>>,
): string {
  const base = { x, y, fill: 'currentColor', 'font-size': 11, class: 'c-muted' };
  return element('text', { ...base, ...attributes }, escapeMarkup(shortened(text)));
}

const LONGEST_LABEL = 60;

function shortened(text: string): string {
  return text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text;
}

function gridLine(from: XY, to: XY): string {
  return element('line', {
    class: 'c-grid',
    x1: from[0],
    y1: from[1],
    x2: to[0],
    y2: to[1],
    stroke: 'currentColor',
  });
}

function drawX({ label: name, scale, isHidden }: Axis, { left, top, width, height }: Frame) {
  if (isHidden === true) return [];
  const bottom = top + height;
  const ticks = scale.ticks(Math.floor(width / 80)).flatMap(({ value, text }) => {
    const x = left + scale.at(value) * width;
    return [
      scale.isChoice === true ? '' : gridLine([x, top], [x, bottom]),
      label(x, bottom + 16, fitting(text, width / 60), { 'text-anchor': 'middle' }),
    ];
  });
  return [
    ...ticks,
    gridLine([left, bottom], [left + width, bottom]),
    label(left + width / 2, bottom + 36, name, { 'text-anchor': 'middle', 'font-size': 12 }),
  ];
}

/** Choices stand side by side: each has its part of the width. */
function fitting(text: string, most: number): string {
  const room = Math.max(6, Math.round(most * 2));
  return text.length > room ? `${text.slice(0, room - 1)}…` : text;
}

function drawY({ label: name, scale, isHidden }: Axis, { left, top, width, height }: Frame) {
  if (isHidden === true) return [];
  const ticks = scale.ticks(Math.max(2, Math.floor(height / 44))).flatMap(({ value, text }) => {
    const y = top + (1 - scale.at(value)) * height;
    return [
      scale.isChoice === true ? '' : gridLine([left, y], [left + width, y]),
      label(left - 8, y + 4, text, { 'text-anchor': 'end' }),
    ];
  });
  const middle = top + height / 2;
  const turned = `rotate(-90 ${pixels(left - 54)} ${pixels(middle)})`;
  return [
    ...ticks,
    gridLine([left, top], [left, top + height]),
    name === ''
      ? ''
      : label(left - 54, middle, name, {
          'text-anchor': 'middle',
          'font-size': 12,
          transform: turned,
        }),
  ];
}

function drawRail(
  { at, label: name, scale }: Rail,
  n: number,
  { left, top, width, height }: Frame,
) {
  const x = left + at * width;
  // The last one's numbers would lie outside the picture.
  const [offset, anchor] = at > 0.99 ? [-6, 'end'] : [6, 'start'];
  const ticks = scale.ticks(Math.floor(height / 60)).map(({ value, text }) => {
    const y = top + (1 - scale.at(value)) * height + 4;
    const shown = fitting(text, 8);
    return rimmed(x + offset, y, shown, { 'text-anchor': anchor });
  });
  const line = element('line', {
    class: 'c-muted',
    x1: x,
    x2: x,
    y1: top,
    y2: top + height,
    stroke: 'currentColor',
    'stroke-width': 1.5,
  });
  const edge = at > 0.99 ? 'end' : at < 0.01 ? 'start' : 'middle';
  const heading = label(x, top - 10, name, {
    'text-anchor': edge,
    'font-size': 12,
    class: 'c-ink',
  });
  const attributes = { class: 'rail', 'data-rail': String(n), 'data-x': x };
  return element('g', attributes, [line, ...ticks, heading].join(''));
}

/** Words with a rim in the colour of the ground, so that lines and colours pass behind them. */
function rimmed(
  x: number,
  y: number,
  text: string,
  style: Readonly<Record<string, string | number>>,
): string {
  const rim = { class: 'c-ground', stroke: 'currentColor', 'stroke-width': 3 };
  return [
    label(x, y, text, { ...rim, ...style }),
    label(x, y, text, { class: 'c-ink', ...style }),
  ].join('');
}

function drawMark(mark: Mark, place: Place): string {
  const base = { class: colourClass(mark.colour), 'data-trial': mark.trial };
  const hint = mark.hint === undefined ? undefined : element('title', {}, escapeMarkup(mark.hint));
  switch (mark.kind) {
    case 'dot': {
      const [cx, cy] = place(mark.at);
      return element(
        'circle',
        { ...base, cx, cy, r: mark.radius ?? 4, fill: 'currentColor' },
        hint,
      );
    }
    case 'bar': {
      const [from, to] = [place(mark.from), place(mark.to)];
      const x = Math.min(from[0], to[0]);
      const y = Math.min(from[1], to[1]);
      // A moment is still to be seen.
      const width = Math.max(Math.abs(to[0] - from[0]), 1);
      const height = Math.max(Math.abs(to[1] - from[1]), 1);
      return element('rect', { ...base, x, y, width, height, fill: 'currentColor' }, hint);
    }
    case 'text': {
      const [x, y] = place(mark.at);
      if (mark.isCentred !== true) return label(x + 6, y + 4, mark.text, {});
      const style = { 'text-anchor': 'middle', 'font-size': 12, 'font-weight': 'bold' };
      return rimmed(x, y + 4, mark.text, style);
    }
    case 'line':
      return element(
        'path',
        {
          ...base,
          d: pathOf(mark.points.map(place)),
          fill: 'none',
          stroke: 'currentColor',
          'stroke-width': mark.width ?? 1.5,
          'stroke-dasharray': mark.isDashed === true ? '5 4' : undefined,
          'stroke-linejoin': 'round',
        },
        hint,
      );
  }
}

/** A line that breaks where a point has no place. */
function pathOf(points: readonly XY[]): string {
  let isOpen = false;
  return points
    .flatMap(([x, y]) => {
      if (!Number.isFinite(x) || !Number.isFinite(y)) {
        isOpen = false;
        return [];
      }
      const command = isOpen ? 'L' : 'M';
      isOpen = true;
      return [`${command}${pixels(x)} ${pixels(y)}`];
    })
    .join('');
}
