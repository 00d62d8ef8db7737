import type { OptimizerName } from '../optimise/update-rules.ts';
import { Panel } from '../plot/panel.ts';
import { type Picture, picture } from '../plot/picture.ts';
import { SCHEDULES, type Schedule } from '../schedule/schedule.ts';
import { descend, type Point } from './descent.ts';

const [WIDTH, HEIGHT] = [1160, 900];
/** How much steeper the bowl is along y. */
const STEEPNESS = 200;
const START: Point = [-9, 1.2];
const GOAL: Point = [0, 0];
const STEPS = 300;
const LONG_STEPS = 2400;
const BURST_RATE = 0.3;
/** The long way's valley lies a little askew, so that the way along its floor is never quite straight. */
const SLANT = 0.02;

interface Way {
  readonly label: string;
  readonly colour: string;
  readonly points: readonly Point[];
}

export const bowl = (x: number, y: number): number => 0.5 * (0.1 * x * x + 0.1 * STEEPNESS * y * y);
const slopes = (x: number, y: number): Point => [0.1 * x, 0.1 * STEEPNESS * y];

/** How far from the lowest point each rule ends after the same number of steps. */
export function bowlWays(): Way[] {
  const way = (optimizer: OptimizerName, lr: number, label: string, colour: string): Way => ({
    label,
    colour,
    points: descend({ optimizer, from: START, steps: STEPS, gradient: slopes, rate: () => lr }),
  });
  return [
    way('sgd', 0.0995, 'descent, rate 0.0995: bounces', '#c4551a'),
    way('sgd', 0.01, 'descent, rate 0.01: crawls', '#777777'),
    way('adagrad', 0.9, 'adagrad (R24)', '#117733'),
    way('rmsprop', 0.06, 'rmsprop (R25)', '#aa3377'),
    way('adam', 0.2, 'adam (R26)', '#1f5fa8'),
  ];
}

/**
 * The document's root mean square divides by the mean, not by the sum: that is adagrad with a rate
 * that grows with the root of the step. After a long flat stretch the mean is small and the step bursts.
 */
export function burstWays(): Way[] {
  const way = (schedule: 'constant' | 'decay', label: string, colour: string): Way => ({
    label,
    colour,
    points: descend({
      optimizer: 'adagrad',
      from: START,
      steps: LONG_STEPS,
      gradient: (x, y) => {
        const [alongX, steep] = slopes(x, y + SLANT * x);
        return [alongX + SLANT * steep, steep];
      },
      rate: (step) => {
        const progress = { step, totalSteps: LONG_STEPS, stepsPerEpoch: LONG_STEPS };
        const factor = scheduleNamed(schedule)(progress, NO_SETTINGS);
        return BURST_RATE * Math.sqrt(step + 1) * factor;
      },
    }),
  });
  return [
    way('constant', 'root mean square, constant rate', '#c4551a'),
    way('decay', 'the same with decay', '#1f5fa8'),
  ];
}

const scheduleNamed = (name: 'constant' | 'decay'): Schedule => SCHEDULES[name];
const NO_SETTINGS = { warmupSteps: 0, decayFactor: 1, stepEpochs: 1, minLrFactor: 0 };

/** D3: one rate for all directions of a narrow bowl against a rate per direction. */
export function drawLearningRates(): Picture {
  return picture(WIDTH, HEIGHT, [
    planePanel('A long narrow bowl: 300 steps from the same point', bowlWays()),
    heightPanel('The burst after a long flat stretch, and what a decay does', burstWays()),
  ]);
}

function planePanel(title: string, ways: readonly Way[]): string {
  const panel = new Panel({
    left: 90,
    top: 50,
    width: WIDTH - 130,
    height: 340,
    title,
    xLabel: 'flat direction',
    yLabel: 'steep direction',
    xRange: [-10, 6],
    yRange: [-1.7, 1.7],
    hasGrid: false,
  });
  for (const level of [0.05, 0.4, 1.4, 3, 5.5, 9, 14]) panel.line(contour(level), '#dcdcdc', 1);
  for (const { points, colour } of ways) {
    panel.line(points, colour, 1.5);
    panel.dots(points.slice(-1), '#ffffff', 6.5);
    panel.dots(points.slice(-1), colour, 5);
  }
  panel.text(...GOAL, '+', '#000000', 'middle', 22);
  panel.legend(ways.map(({ label, colour }) => ({ label, colour, mark: 'line' })));
  return panel.render();
}

function heightPanel(title: string, ways: readonly Way[]): string {
  const steps = ways[0]?.points.length ?? 1;
  const highest = Math.max(
    ...ways.flatMap(({ points }) => points.map(([x, y]) => Math.abs(y + SLANT * x))),
  );
  const panel = new Panel({
    left: 90,
    top: 490,
    width: WIDTH - 130,
    height: 330,
    title,
    xLabel: 'optimiser step',
    yLabel: 'distance from the valley floor',
    xRange: [0, steps - 1],
    yRange: [-highest * 1.1, highest * 1.1],
  });
  for (const { points, colour } of ways) {
    panel.line(
      points.map(([x, y], step) => [step, y + SLANT * x]),
      colour,
      1.4,
    );
  }
  panel.legend(ways.map(({ label, colour }) => ({ label, colour, mark: 'line' })));
  return panel.render();
}

/** The ellipse on which the bowl has the height `level`. */
function contour(level: number): Point[] {
  const [a, b] = [Math.sqrt((2 * level) / 0.1), Math.sqrt((2 * level) / (0.1 * STEEPNESS))];
  return Array.from({ length: 121 }, (_, i) => {
    const angle = (2 * Math.PI * i) / 120;
    return [a * Math.cos(angle), b * Math.sin(angle)];
  });
}
