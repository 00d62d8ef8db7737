import { softmax } from '../loss/softmax.ts';
import { label, Panel } from '../plot/panel.ts';
import { type Picture, picture } from '../plot/picture.ts';

const [WIDTH, HEIGHT] = [1000, 460];
const LOGITS = [3, 1, -3];
const COLOUR = '#1f5fa8';

/** D4: logits and what softmax makes of them, side by side. */
export function drawSoftmax(logits: readonly number[] = LOGITS): Picture {
  const shares = [...softmax(logits)];
  return picture(WIDTH, HEIGHT, [
    bars('Logits', logits, 80, [Math.min(0, ...logits) - 1, Math.max(0, ...logits) + 1]),
    label(WIDTH / 2, HEIGHT / 2 - 20, 'softmax', { size: 15 }),
    label(WIDTH / 2, HEIGHT / 2 + 6, '→', { size: 26 }),
    bars('Probabilities', shares, 590, [0, 1.1]),
  ]);
}

function bars(
  title: string,
  values: readonly number[],
  left: number,
  yRange: [number, number],
): string {
  const panel = new Panel({
    left,
    top: 60,
    width: 350,
    height: 310,
    title,
    xLabel: 'class',
    yLabel: '',
    xRange: [0.4, values.length + 0.6],
    yRange,
  });
  panel.line(
    [
      [0, 0],
      [values.length + 1, 0],
    ],
    '#222222',
    1,
  );
  for (const [i, value] of values.entries()) {
    panel.box([i + 0.7, 0], [i + 1.3, value], COLOUR);
    const gap = (yRange[1] - yRange[0]) * (value < 0 ? -0.055 : 0.02);
    panel.text(i + 1, value + gap, Number(value.toPrecision(3)).toString());
  }
  return panel.render();
}
