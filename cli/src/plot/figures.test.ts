import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NO_PAINT } from '../render/style.ts';
import { displayWidth } from '../render/width.ts';
import type { Mark, XY } from './figure.ts';
import { drawHistory } from './kinds/history.ts';
import { drawParallel } from './kinds/parallel.ts';
import { drawPareto } from './kinds/pareto.ts';
import { DRAW } from './kinds.ts';
import { plotPage } from './page/plot-page.ts';
import { PLOT_KINDS } from './plot-kind.ts';
import { drawSvg } from './svg/draw-svg.ts';
import { THEMES } from './svg/theme.ts';
import { mainValue, type PlottedTrial, type Sweep } from './sweep.ts';
import { plottedTrial, sweepOf } from './testing/sweeps.ts';
import { drawText } from './text/draw-text.ts';

const ten = sweepOf(Array.from({ length: 10 }, (_, index) => plottedTrial(index)));
const HOSTILE = `</title><script>alert(1)</script>"'\u001b[2J\u202e\u0000`;

/** Sweeps as they may come: nothing known, one trial, values that are no numbers, hostile names. */
const SWEEPS: Readonly<Record<string, Sweep>> = {
  'no trial': sweepOf([]),
  'one trial': sweepOf([plottedTrial(0)]),
  'ten trials': ten,
  'trials without a value or a point': sweepOf(
    [0, 1, 2].map((index) =>
      plottedTrial(index, {
        values: [undefined, undefined],
        points: [],
        attempts: [],
        end: 'failed',
      }),
    ),
    { importance: [] },
  ),
  'values that are all equal': sweepOf(
    [0, 1, 2].map((index) =>
      plottedTrial(index, { values: [0.5, 1], parameters: { lr: 0.1, schedule: 'step' } }),
    ),
  ),
  'a parameter that is not active': sweepOf([
    plottedTrial(0),
    plottedTrial(1, { parameters: { lr: 0.01 } }),
  ]),
  'names that attack': sweepOf(
    [
      plottedTrial(0, {
        name: HOSTILE,
        state: HOSTILE,
        parameters: { lr: 1, schedule: HOSTILE },
        links: { log: `javascript:${HOSTILE}`, checkpoint: HOSTILE },
      }),
    ],
    {
      name: HOSTILE,
      objectives: [
        { metric: HOSTILE, goal: 'maximize' },
        { metric: HOSTILE, goal: 'minimize' },
      ],
      parameters: [
        { name: 'lr', kind: 'number', isLog: true },
        { name: 'schedule', kind: 'choice', choices: [HOSTILE] },
      ],
      importance: [{ name: HOSTILE, importance: 1 }],
    },
  ),
};

for (const [name, sweep] of Object.entries(SWEEPS)) {
  for (const kind of PLOT_KINDS) {
    test(`${kind} of ${name} is drawn on every ground, and holds nothing that runs`, () => {
      const figure = DRAW[kind](sweep);
      for (const theme of THEMES) {
        const svg = drawSvg(figure, { theme });
        assert.doesNotMatch(svg, /NaN|Infinity|undefined|<script/);
        const page = plotPage(sweep, figure, theme);
        assert.equal(page.match(/<script/g)?.length, 1, 'our own, whose digest the policy names');
        assert.ok(!['href="javascript', '\u0000', '\u001b'].some((each) => page.includes(each)));
      }
    });

    test(`${kind} of ${name} keeps within a terminal of 40 to 200 columns`, () => {
      const figure = DRAW[kind](sweep);
      for (const columns of [40, 80, 200]) {
        for (const line of drawText(figure, { columns, rows: 24, paint: NO_PAINT })) {
          assert.ok(displayWidth(line) <= columns, `${displayWidth(line)} columns: ${line}`);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: none may come through
          assert.doesNotMatch(line, /[\u0000-\u001f\u202e]/);
        }
      }
    });
  }
}

const valuesOf = (marks: readonly Mark[], kind: 'dot' | 'line'): readonly XY[] =>
  marks.flatMap((mark) => (mark.kind === kind ? ('at' in mark ? [mark.at] : mark.points) : []));

test('the line of a history is the best value so far of those that meet the constraints', () => {
  const goals = fc.constantFrom('maximize' as const, 'minimize' as const);
  const value = fc.option(fc.double({ min: -9, max: 9, noNaN: true }), { nil: undefined });
  const trials = fc.array(fc.record({ value, isInfeasible: fc.boolean() }));
  fc.assert(
    fc.property(goals, trials, (goal, results) => {
      const sweep = sweepOf(
        results.map(({ value, isInfeasible }, index) =>
          plottedTrial(index, { values: [value], isInfeasible }),
        ),
        { objectives: [{ metric: 'm', goal }] },
      );
      const values = results.map(({ value, isInfeasible }) => (isInfeasible ? undefined : value));
      const line = valuesOf(drawHistory(sweep).panels[0]?.marks ?? [], 'line');
      for (const { index } of sweep.trials) {
        const seen = values.slice(0, index + 1).filter((value) => value !== undefined);
        if (seen.length === 0) continue;
        const best = goal === 'maximize' ? Math.max(...seen) : Math.min(...seen);
        const drawn = line.findLast(([at]) => at <= index)?.[1];
        assert.ok(drawn === best, `${drawn} at ${index}, not ${best}`);
      }
    }),
  );
});

test('the front of a Pareto picture is what no other trial beats that meets the constraints', () => {
  const value = fc.integer({ min: 0, max: 6 });
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, fc.boolean()), { minLength: 1 }), (results) => {
      const trials = results.map(([x, y, isInfeasible], index) =>
        plottedTrial(index, { values: [x, y], isInfeasible }),
      );
      const figure = drawPareto(sweepOf(trials));
      const apart = results.filter(([, , isInfeasible]) => isInfeasible).length;
      assert.equal(apart > 0, /miss(es)? a constraint/.test(figure.summary));
      const pairs = results.flatMap(([x, y, misses]): XY[] => (misses ? [] : [[x, y]]));
      const drawn = valuesOf(figure.panels[0]?.marks ?? [], 'line');
      const beaten = ([a, b]: XY) => pairs.some(([c, d]) => c >= a && d <= b && (c > a || d < b));
      const expected = new Set(pairs.filter((pair) => !beaten(pair)).map(String));
      assert.deepEqual(new Set(drawn.map(String)), expected);
    }),
  );
});

test('with replicates the front is of their means, as status names it', () => {
  const trials = [plottedTrial(0, { values: [0.9, 1] }), plottedTrial(1, { values: [0.7, 3] })];
  const means = [
    { configuration: 1, values: [0.8, 2] },
    { configuration: 0, values: [0.7, 1] },
  ];
  const figure = drawPareto(sweepOf(trials, { front: means }));
  const marks = figure.panels[0]?.marks ?? [];
  const front: readonly XY[] = [
    [0.7, 1],
    [0.8, 2],
  ];
  assert.deepEqual(valuesOf(marks, 'line'), front);
  const on = marks.filter(({ kind, colour }) => kind === 'dot' && colour === 'contrast');
  assert.deepEqual(new Set(valuesOf(on, 'dot').map(String)), new Set(front.map(String)));
  assert.match(figure.summary, /^2 means on the front/);
});

test('a line of parallel coordinates breaks where a parameter is not active', () => {
  const sweep = sweepOf([plottedTrial(0, { parameters: { lr: 0.1 } }), plottedTrial(1)]);
  const svg = drawSvg(drawParallel(sweep), { theme: 'light' });
  const path = /data-trial="sweep-00000" d="([^"]+)"/.exec(svg)?.[1] ?? '';
  assert.equal(path.match(/M/g)?.length, 2, path);
});

test('a better trial is drawn above a worse one', () => {
  const byName = new Map(ten.trials.map((trial): [string, PlottedTrial] => [trial.name, trial]));
  const order = drawParallel(ten).panels[0]?.marks.map(({ trial = '' }) => byName.get(trial));
  const values = order?.map((trial) => (trial === undefined ? undefined : mainValue(trial)));
  assert.deepEqual(
    values,
    values?.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  );
});
