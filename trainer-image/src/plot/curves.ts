import { label, Panel } from './panel.ts';
import { type Picture, picture } from './picture.ts';
import { judgePlateau } from './plateau.ts';
import { paddedRange } from './scale.ts';

const [WIDTH, HEIGHT] = [1000, 760];
const LOSS_COLOUR = '#1f5fa8';
const NORM_COLOUR = '#c4551a';
const PALE: Readonly<Record<string, string>> = {
  [LOSS_COLOUR]: '#b9cfe8',
  [NORM_COLOUR]: '#f0cdb8',
};

/** Loss and gradient norm on one time axis, one above the other, and what they say together. */
export function drawCurves(losses: readonly number[], norms: readonly number[]): Picture {
  const verdict = judgePlateau(losses, norms);
  const panels = [
    curve('Loss', losses, LOSS_COLOUR, 90, ''),
    curve('Gradient norm before clipping', norms, NORM_COLOUR, 430, 'optimiser step'),
  ];
  const colour = verdict.kind === 'plateau' ? '#b00020' : '#333333';
  const words = label(WIDTH / 2, 34, verdict.message, { size: 16, colour });
  return picture(WIDTH, HEIGHT, [words, ...panels.map((panel) => panel.render())]);
}

function curve(
  title: string,
  values: readonly number[],
  colour: string,
  top: number,
  xLabel: string,
): Panel {
  const panel = new Panel({
    left: 90,
    top,
    width: WIDTH - 130,
    height: 250,
    title,
    xLabel,
    yLabel: '',
    xRange: [1, Math.max(values.length, 2)],
    // From 0, so that a norm which has not vanished is seen not to have.
    yRange: [0, paddedRange([0, ...values])[1]],
  });
  const window = Math.max(1, Math.round(values.length / 40));
  panel.line(
    values.map((value, i) => [i + 1, value]),
    PALE[colour] ?? colour,
    1,
  );
  panel.line(smoothed(values, window), colour, 2.2);
  panel.legend([
    { label: 'each step', colour: PALE[colour] ?? colour, mark: 'line' },
    { label: `mean of ${window}`, colour, mark: 'line' },
  ]);
  return panel;
}

function smoothed(values: readonly number[], window: number): [number, number][] {
  return values.map((_, i) => {
    const half = Math.floor(window / 2);
    const part = values.slice(Math.max(0, i - half), i + half + 1);
    return [i + 1, part.reduce((sum, value) => sum + value, 0) / part.length];
  });
}
