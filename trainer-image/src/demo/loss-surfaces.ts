import { crossEntropyOf, type RowLoss, squaredErrorOf } from '../loss/softmax.ts';
import { heatColour } from '../plot/colours.ts';
import { label, Panel } from '../plot/panel.ts';
import { type Picture, picture } from '../plot/picture.ts';
import { tickText } from '../plot/scale.ts';
import { descend, type Point } from './descent.ts';

const [WIDTH, HEIGHT] = [1160, 560];
const CELLS = 80;
const REACH = 10;
const FAR_LOGIT = -1000;
const START: Point = [-9.5, 9.5];
const STEPS = 120;
const RATE = 0.25;

type RowRule = (logits: ArrayLike<number>, label: number) => RowLoss;

/** A loss of three logits (y1, y2, -1000) against the target [1, 0, 0]. */
export interface SurfacePoint {
  readonly loss: number;
  readonly slopes: Point;
}

export function surfaceAt(rule: RowRule, y1: number, y2: number): SurfacePoint {
  const { value, gradient } = rule([y1, y2, FAR_LOGIT], 0);
  return { loss: value, slopes: [gradient[0] ?? 0, gradient[1] ?? 0] };
}

/** The descent on a surface from the corner where the loss is largest. */
export function descentOn(rule: RowRule): Point[] {
  return descend({
    optimizer: 'sgd',
    from: START,
    steps: STEPS,
    rate: () => RATE,
    gradient: (x, y) => surfaceAt(rule, x, y).slopes,
  });
}

/** D1: both losses over the same plane, and how far the same descent gets on each. */
export function drawLossSurfaces(): Picture {
  const panels = [
    surface('Cross entropy', crossEntropyOf, 90),
    surface('Mean squared error', squaredErrorOf, 660),
  ];
  return picture(WIDTH, HEIGHT, panels);
}

function surface(title: string, rule: RowRule, left: number): string {
  const [top, size] = [60, 400];
  const panel = new Panel({
    left,
    top,
    width: size,
    height: size,
    title,
    xLabel: 'y1 (the right class)',
    yLabel: 'y2',
    xRange: [-REACH, REACH],
    yRange: [-REACH, REACH],
    hasGrid: false,
  });
  const step = (2 * REACH) / CELLS;
  const most = surfaceAt(rule, -REACH, REACH).loss;
  for (let i = 0; i < CELLS; i++) {
    for (let j = 0; j < CELLS; j++) {
      const [x, y] = [-REACH + i * step, -REACH + j * step];
      const { loss } = surfaceAt(rule, x + step / 2, y + step / 2);
      // A little larger than the cell, so that no seam shows.
      panel.box([x, y], [x + step * 1.08, y + step * 1.08], heatColour(loss / most));
    }
  }
  const path = descentOn(rule);
  const [end = START] = path.slice(-1);
  panel.line(path, '#ffffff', 5);
  panel.line(path, '#d62728', 2.5);
  panel.dots([START], '#ffffff', 8);
  panel.dots([START], '#d62728', 5.5);
  panel.dots([end], '#ffffff', 8);
  panel.dots([end], '#111111', 5.5);
  const moved = Math.hypot(end[0] - START[0], end[1] - START[1]);
  const { loss } = surfaceAt(rule, ...end);
  const words = `${STEPS} steps: moved ${Number(moved.toPrecision(2))}, loss ${loss.toPrecision(3)}`;
  return [
    panel.render(),
    colourBar(left + size + 16, top, size, most),
    caption(left, size, words),
  ].join('\n');
}

function caption(left: number, size: number, words: string): string {
  return label(left + size / 2, HEIGHT - 28, words, { size: 15 });
}

function colourBar(left: number, top: number, height: number, most: number): string {
  const parts = 50;
  const cells = Array.from({ length: parts }, (_, i) => {
    const y = top + height - ((i + 1) * height) / parts;
    return `<rect x="${left}" y="${y}" width="16" height="${height / parts + 0.6}" fill="${heatColour((i + 0.5) / parts)}"/>`;
  });
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) =>
    label(
      left + 21,
      top + height * (1 - share) + 4,
      tickText(Number((share * most).toPrecision(3))),
      {
        size: 12,
        anchor: 'start',
      },
    ),
  );
  return [...cells, ...ticks].join('');
}
