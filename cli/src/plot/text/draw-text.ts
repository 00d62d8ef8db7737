import { printable } from '../../render/printable.ts';
import type { Paint, Style } from '../../render/style.ts';
import { displayWidth, truncate } from '../../render/width.ts';
import type { ClassTone, Colour, Figure, LegendEntry, Mark, Panel, XY } from '../figure.ts';
import { BrailleCanvas } from './braille-canvas.ts';

export interface TextOptions {
  /** Of the terminal, in characters. */
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

const LEAST_COLUMNS = 40;
const ROWS_PER_CHOICE = 3;

/** The picture in braille characters, one panel below the other; never wider than `columns`. */
export function drawText(figure: Figure, { columns, rows, paint }: TextOptions): string[] {
  const width = Math.max(LEAST_COLUMNS, columns);
  const height = Math.min(24, Math.max(6, rows - 7));
  return [
    paint('strong', truncate(printable(figure.title), width)),
    truncate(printable(figure.summary), width),
    ...legendLine(figure.legend ?? [], width, paint),
    ...figure.panels.flatMap((panel) => ['', ...drawPanel(panel, width, height, paint)]),
  ];
}

function drawPanel(panel: Panel, width: number, height: number, paint: Paint): string[] {
  const rows =
    panel.y.scale.isChoice === true ? panel.y.scale.ticks(99).length * ROWS_PER_CHOICE : height;
  const labels = yLabels(panel, rows);
  const margin = Math.max(1, ...labels.map((text) => displayWidth(text)));
  const canvas = new BrailleCanvas<Colour>(width - margin - 2, rows);
  for (const rail of panel.rails ?? []) canvas.line([rail.at, 0], [rail.at, 1], 'quiet');
  for (const mark of panel.marks) drawMark(canvas, mark, (at) => placeOf(panel, at));
  const lines = canvas.print((colour, text) => paint(styleOf(colour), text));
  const indent = ' '.repeat(margin + 2);
  return [
    ...(panel.rails === undefined
      ? [paint('quiet', truncate(printable(panel.y.label), width))]
      : [
          indent + railLine(panel, canvas.columns, 'name'),
          indent + railLine(panel, canvas.columns, 'high'),
        ]),
    ...lines.map(
      (line, n) =>
        `${paint('quiet', padStart(labels[n] ?? '', margin))} ${edge(panel, paint)}${line}`,
    ),
    ...(panel.rails === undefined
      ? xLines(panel, canvas.columns).map((line) => paint('quiet', indent + line))
      : [indent + railLine(panel, canvas.columns, 'low')]),
  ];
}

const edge = ({ y }: Panel, paint: Paint) => (y.isHidden === true ? ' ' : paint('quiet', '│'));

/** From the upper left, as the canvas counts. */
function placeOf({ x, y }: Panel, at: XY): XY {
  return [x.scale.at(at[0]), 1 - y.scale.at(at[1])];
}

function drawMark(canvas: BrailleCanvas<Colour>, mark: Mark, place: (at: XY) => XY): void {
  switch (mark.kind) {
    case 'dot':
      canvas.spot(...place(mark.at), mark.colour);
      return;
    case 'bar':
      canvas.fill(place(mark.from), place(mark.to), mark.colour);
      return;
    case 'line':
      for (const [n, point] of mark.points.entries()) {
        const before = mark.points[n - 1];
        if (before !== undefined) canvas.line(place(before), place(point), mark.colour);
      }
      return;
    case 'text':
      return; // what it says can be read off the axis
  }
}

/** The label of each row of characters, mostly none. */
function yLabels({ y }: Panel, rows: number): string[] {
  const labels = new Array<string>(rows).fill('');
  if (y.isHidden === true) return labels;
  for (const { value, text } of y.scale.ticks(Math.floor(rows / 3))) {
    const row = Math.round((1 - y.scale.at(value)) * (rows - 1));
    if (labels[row] === '') labels[row] = truncate(printable(text), 16);
  }
  return labels;
}

function xLines({ x }: Panel, columns: number): string[] {
  const ticks = x.scale.ticks(Math.floor(columns / 10));
  const marks = ticks.map(({ value, text }) => ({ at: x.scale.at(value), text }));
  const name = printable(x.label);
  const middle = Math.max(0, Math.floor((columns - displayWidth(name)) / 2));
  return [spread(marks, columns), truncate(' '.repeat(middle) + name, columns)];
}

function railLine({ rails = [] }: Panel, columns: number, what: 'name' | 'high' | 'low'): string {
  const texts = rails.map(({ at, label, scale }) => {
    const ticks = scale.ticks(6);
    const end = what === 'high' ? ticks.at(-1) : ticks[0];
    return { at, text: what === 'name' ? label : (end?.text ?? '') };
  });
  return spread(texts, columns);
}

/** Texts around their places, each where it leaves a blank after the one before, else left out. */
function spread(texts: readonly { at: number; text: string }[], columns: number): string {
  const room = Math.max(4, Math.floor(columns / Math.max(texts.length, 1)) - 1);
  let line = '';
  for (const { at, text } of texts) {
    const shown = truncate(printable(text), room);
    const width = displayWidth(shown);
    const begin = Math.round(at * (columns - 1) - width / 2);
    const place = Math.min(Math.max(begin, 0), columns - width);
    const used = displayWidth(line);
    if (place < used + (used > 0 ? 1 : 0)) continue;
    line += ' '.repeat(place - used) + shown;
  }
  return line;
}

function legendLine(entries: readonly LegendEntry[], width: number, paint: Paint): string[] {
  if (entries.length === 0) return [];
  const total = entries.reduce((sum, { text }) => sum + displayWidth(text) + 4, 0);
  if (total > width) return [];
  return [entries.map(({ text, colour }) => `${paint(styleOf(colour), '⣿')} ${text}`).join('  ')];
}

function styleOf(colour: Colour): Style {
  if (typeof colour === 'number') return colour > 0.9 ? 'good' : colour > 0.5 ? 'active' : 'quiet';
  if (isClassTone(colour)) return 'plain';
  switch (colour) {
    case 'accent':
      return 'active';
    case 'contrast':
      return 'warning';
    default:
      return colour;
  }
}

function isClassTone(colour: Colour): colour is ClassTone {
  return typeof colour === 'string' && colour.startsWith('class-');
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - displayWidth(text))) + text;
}
