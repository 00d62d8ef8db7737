import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Experiment, Trial } from '@espalier/api';
import { ALGORITHMS, suggest } from '@espalier/search';
import { experiment } from '../testing/builders.ts';
import { type Asked, SimulatedSweep } from '../testing/simulated-sweep.ts';
import { type Chance, chanceOf, randomSpec } from '../testing/sweep-spec.ts';
import { problemOf } from './check.ts';
import { ExperimentProgress } from './progress.ts';
import { suggestionInput } from './suggestion.ts';

const IS_ALL = process.env['ESPALIER_TEST_ALL'] === '1';
const PROGRAM = join(import.meta.dirname, '../testing/replay-program.ts');

interface Case extends Asked {
  readonly experiment: Experiment;
}

/** Questions to the search at any moment of random sweeps, with all that was known then. */
function casesOf(algorithm: string, count: number, max: number): readonly Case[] {
  const cases: Case[] = [];
  for (let seed = 1; cases.length < count; seed++) {
    const chance = chanceOf(seed);
    const sweep = new SimulatedSweep(experiment(randomSpec(chance, algorithm, max)), chance);
    sweep.onAsk = (asked) => cases.push({ ...asked, experiment: sweep.experiment });
    sweep.run();
  }
  return cases.slice(0, count);
}

/** One that fits a Gaussian process takes a thousand times longer. */
const isSlow = (name: string) => name === 'gp' || name === 'auto';
const slow = ALGORITHMS.filter(({ name }) => isSlow(name)).length;

for (const { name } of ALGORITHMS) {
  describe(`replay of ${name}`, () => {
    const slowCases = IS_ALL ? 500 : 20;
    const quickCases = IS_ALL ? (10_000 - slow * 500) / (ALGORITHMS.length - slow) : 150;
    const cases = casesOf(name, isSlow(name) ? slowCases : quickCases, isSlow(name) ? 16 : 30);

    test('G15 after a crash, and in any order of arrival, a suggestion is the same', (t) => {
      const chance = chanceOf(99);
      for (const {
        experiment: { spec },
        trials,
        configuration,
        suggestion,
      } of cases) {
        const progress = new ExperimentProgress(spec);
        for (const trial of arrivals(trials, chance)) progress.apply(trial);
        const problem = problemOf(spec);
        const { history } = suggestionInput(problem, progress, configuration);
        const again = suggest(problem, history, configuration);
        assert.equal(JSON.stringify(again), JSON.stringify(suggestion));
      }
      t.diagnostic(`${cases.length} prefixes`);
    });

    test('G15 another process, told the same Trials, suggests the same with the same basis', (t) => {
      const lines = cases.map(({ experiment: { spec }, trials, configuration }) =>
        JSON.stringify({ spec, trials: trials.toReversed(), configuration }),
      );
      const args = ['--conditions=@espalier/source', PROGRAM];
      const ran = spawnSync(process.execPath, args, {
        input: lines.join('\n'),
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
      });
      assert.equal(ran.status, 0, ran.stderr);
      const answers = ran.stdout.trim().split('\n');
      assert.equal(answers.length, cases.length);
      for (const [
        i,
        {
          experiment: { spec },
          trials,
          configuration,
          suggestion,
        },
      ] of cases.entries()) {
        const progress = new ExperimentProgress(spec);
        for (const trial of trials) progress.apply(trial);
        const { basis } = suggestionInput(problemOf(spec), progress, configuration);
        assert.equal(answers[i], JSON.stringify({ basis, suggestion }));
      }
      t.diagnostic(`${cases.length} prefixes`);
    });
  });
}

/** Every Trial in its last state, some of them in earlier ones as well, in any order. */
function arrivals(trials: readonly Trial[], chance: Chance): readonly Trial[] {
  const all = trials.flatMap((trial): Trial[] => {
    const isEnded = trial.status?.completionTime !== undefined;
    if (!isEnded || chance() < 0.5) return [trial];
    const { status: _, ...created } = trial;
    return chance() < 0.5 ? [created, trial] : [trial, created, trial];
  });
  return all
    .map((trial) => ({ trial, at: chance() }))
    .sort((a, b) => a.at - b.at)
    .map(({ trial }) => trial);
}
