import { Panel } from './panel.ts';
import { type Picture, picture } from './picture.ts';
import { paddedRange } from './scale.ts';

const [WIDTH, HEIGHT] = [1000, 560];
const COLOURS = ['#1f5fa8', '#c4551a'];

/** One run's share of a comparison: its validation accuracy after each epoch. */
export interface ComparedRun {
  readonly label: string;
  readonly accuracies: readonly number[];
}

/** Runs that differ in one thing, epoch by epoch. */
export function drawComparison(title: string, runs: readonly ComparedRun[]): Picture {
  const epochs = Math.max(...runs.map(({ accuracies }) => accuracies.length));
  const panel = new Panel({
    left: 90,
    top: 60,
    width: WIDTH - 290,
    height: HEIGHT - 140,
    title,
    xLabel: 'epoch',
    yLabel: 'validation accuracy',
    xRange: [0.8, epochs + 0.2],
    yRange: [0, paddedRange([0, ...runs.flatMap(({ accuracies }) => accuracies)])[1]],
  });
  for (const [index, { accuracies }] of runs.entries()) {
    const points = accuracies.map((value, epoch): [number, number] => [epoch + 1, value]);
    panel.line(points, colourOf(index), 2.4);
    panel.dots(points, colourOf(index), 4);
  }
  panel.legend(
    runs.map(({ label }, i) => ({ label, colour: colourOf(i), mark: 'line' })),
    'right',
  );
  return picture(WIDTH, HEIGHT, [panel.render()]);
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#000000';
}
