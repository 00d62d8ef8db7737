import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  assignmentValue,
  type ParameterAssignment,
  type Rung,
  type Trial,
  type TrialSpec,
} from '@espalier/api';
import { ALGORITHMS, algorithmInfo } from '@espalier/search';
import { experiment } from '../testing/builders.ts';
import { recomputed } from '../testing/recomputed.ts';
import { haveEnded, SimulatedSweep } from '../testing/simulated-sweep.ts';
import { chanceOf, pick, randomSpec, withTwoObjectives } from '../testing/sweep-spec.ts';
import { formatBasis, parseBasis } from './basis.ts';
import type { Verification } from './verify-result.ts';

const IS_ALL = process.env['ESPALIER_TEST_ALL'] === '1';

/** Sweeps per algorithm; one that fits a Gaussian process takes a thousand times longer. */
function sizeOf(algorithm: string): { readonly sweeps: number; readonly max: number } {
  if (algorithm === 'gp' || algorithm === 'auto') return { sweeps: IS_ALL ? 40 : 2, max: 16 };
  return { sweeps: IS_ALL ? 400 : 25, max: 30 };
}

function sweepOf(algorithm: string, seed: number, max: number) {
  const chance = chanceOf(seed);
  const plain = randomSpec(chance, algorithm, max);
  const info = algorithmInfo(algorithm);
  const takesSeveral = info?.usesHistory !== true || info.takesSeveral === true;
  const spec = takesSeveral && seed % 3 === 0 ? withTwoObjectives(plain) : plain;
  const sweep = new SimulatedSweep(experiment(spec), chance);
  return { experiment: sweep.experiment, trials: sweep.run(), chance, sweep };
}

type Sweep = ReturnType<typeof sweepOf>;

function verify({ experiment: object }: Sweep, trials: readonly Trial[]): Verification {
  return recomputed(object, trials, { oneController: true });
}

// A population has its own test: reconcilers/population-troubles.test.ts.
for (const { name } of ALGORITHMS.filter((one) => one.name !== 'pbt')) {
  describe(`verify of ${name}`, () => {
    const { sweeps, max } = sizeOf(name);
    const all = Array.from({ length: sweeps }, (_, seed) => sweepOf(name, seed + 1, max));

    test('G15 K3 every suggestion and verdict of any sweep is recomputed from its Trials', (t) => {
      const sum = { suggestions: 0, verdicts: 0, stops: 0 };
      for (const [seed, sweep] of all.entries()) {
        const { trials, chance } = sweep;
        assert.ok(haveEnded(trials));
        const shuffled = trials.toSorted(() => chance() - 0.5);
        const found = verify(sweep, shuffled);
        assert.deepEqual(found.differences, [], `sweep ${seed}`);
        assert.deepEqual(found.unknowns, []);
        assert.deepEqual(found.missing, []);
        assert.equal(found.suggestions.equal, trials.length);
        const rungs = trials.flatMap(({ status }) => status?.rungs ?? []);
        assert.equal(found.verdicts.equal, rungs.length);
        sum.suggestions += trials.length;
        sum.verdicts += rungs.length;
        sum.stops += rungs.filter(({ verdict }) => verdict === 'stop').length;
      }
      assert.ok(sum.suggestions > sweeps * 4);
      t.diagnostic(`${sweeps} sweeps: ${sum.suggestions} suggestions, ${sum.verdicts} verdicts`);
    });

    test('G15 one changed bit of a parameter is found and named', (t) => {
      let bits = 0;
      for (const sweep of all) {
        const { trial, parameter, changed } = changeParameter(sweep);
        const { differences } = verify(sweep, changed);
        const what = `parameter ${parameter}`;
        assert.ok(
          differences.some((one) => one.trial === trial && one.what === what),
          `${trial} ${parameter}: ${JSON.stringify(differences)}`,
        );
        bits += 1;
      }
      t.diagnostic(`${bits} changed bits, all found`);
    });

    test('G15 a changed verdict and a changed order are found and named', (t) => {
      let changes = 0;
      for (const sweep of all) {
        for (const what of ['verdict', 'order'] as const) {
          const change = changeRung(sweep, what);
          if (change === undefined) continue;
          const { differences } = verify(sweep, change.changed);
          const isNamed = differences.some((one) =>
            what === 'verdict'
              ? one.trial === change.trial && one.what === `verdict at ${change.step}`
              : one.what === `order at ${change.step}`,
          );
          assert.ok(isNamed, `${change.trial}: ${JSON.stringify(differences)}`);
          changes += 1;
        }
      }
      t.diagnostic(`${changes} changed verdicts and orders, all found`);
    });

    if (algorithmInfo(name)?.usesHistory !== true) return;
    test('G15 a changed basis is found, unless the run could as well have left that one', (t) => {
      const sum = { changes: 0, found: 0 };
      for (const sweep of all) {
        const change = changeBasis(sweep);
        if (change === undefined) continue;
        sum.changes += 1;
        const { differences } = verify(sweep, change.changed);
        const isNamed = differences.some(
          ({ what }) => what === 'basis' || what.startsWith('parameter '),
        );
        if (isNamed) sum.found += 1;
        else assert.ok(change.isPossible, `${change.trial}: ${change.basis}`);
      }
      t.diagnostic(`${sum.changes} changed bases, ${sum.found} found`);
    });
  });
}

function changeParameter({ trials, chance }: Sweep) {
  const victim = pick(chance, trials);
  const assignment = pick(chance, victim.spec.parameters);
  const parameters = victim.spec.parameters.map((one) => {
    return one === assignment ? withOtherValue(one) : one;
  });
  const spec = { ...victim.spec, parameters };
  const changed = replaced(trials, victim, { ...victim, spec });
  return { trial: victim.metadata.name, parameter: assignment.name, changed };
}

function withOtherValue(assignment: ParameterAssignment): ParameterAssignment {
  const { name } = assignment;
  const value = assignmentValue(assignment);
  if (typeof value === 'boolean') return { name, bool: !value };
  if (typeof value === 'string') return { name, string: `${value}.` };
  if (assignment.int !== undefined) return { name, int: assignment.int ^ 1 };
  // The last bit of a double.
  const bits = new BigUint64Array(Float64Array.of(value as number).buffer);
  bits[0] = (bits[0] as bigint) ^ 1n;
  return { name, float: new Float64Array(bits.buffer)[0] as number };
}

function changeRung({ trials, chance }: Sweep, what: 'verdict' | 'order') {
  const judged = trials.filter(({ status }) => (status?.rungs.length ?? 0) > 0);
  if (judged.length === 0) return undefined;
  const victim = pick(chance, judged);
  const rungs = victim.status?.rungs ?? [];
  const rung = pick(chance, rungs);
  const arrivals = trials.flatMap(({ status }) =>
    (status?.rungs ?? []).filter(({ step }) => step === rung.step),
  );
  const orders = arrivals.map((_, order) => order + 1).filter((order) => order !== rung.order);
  const other: Rung =
    what === 'verdict'
      ? { ...rung, verdict: rung.verdict === 'stop' ? 'continue' : 'stop' }
      : { ...rung, order: pick(chance, [...orders, 99]) };
  const status = { ...victim.status, rungs: rungs.map((one) => (one === rung ? other : one)) };
  const changed = replaced(trials, victim, { ...victim, status } as Trial);
  return { trial: victim.metadata.name, step: rung.step, changed };
}

/** Leaves one number out of a basis, or puts one more in. */
function changeBasis({ trials, chance }: Sweep) {
  const firsts = trials.filter(({ spec: { replicate, configuration } }) => {
    return replicate === 0 && configuration > 0;
  });
  if (firsts.length === 0) return undefined;
  const victim = pick(chance, firsts);
  const { configuration } = victim.spec;
  const numbers = new Set(parseBasis(victim.spec.basis ?? ''));
  const number = Math.floor(chance() * configuration);
  if (!numbers.delete(number)) numbers.add(number);
  const basis = formatBasis([...numbers].sort((a, b) => a - b)).text;
  const siblings = trials.filter(({ spec }) => spec.configuration === configuration);
  const changed = trials.map((trial) => {
    return siblings.includes(trial) ? { ...trial, spec: { ...trial.spec, basis } } : trial;
  });
  const seenBy = (spec: TrialSpec | undefined) => new Set(parseBasis(spec?.basis ?? ''));
  const at = firsts.indexOf(victim);
  const before = seenBy(firsts[at - 1]?.spec);
  const after = seenBy(firsts[at + 1]?.spec);
  // The next one was created later, or this is the last one, which may have seen any.
  const isPossible =
    isSubset(before, numbers) && (at === firsts.length - 1 || isSubset(numbers, after));
  return { trial: victim.metadata.name, basis, changed, isPossible };
}

function isSubset(some: ReadonlySet<number>, all: ReadonlySet<number>): boolean {
  return [...some].every((number) => all.has(number));
}

function replaced(trials: readonly Trial[], before: Trial, after: Trial): readonly Trial[] {
  return trials.map((trial) => (trial === before ? after : trial));
}
