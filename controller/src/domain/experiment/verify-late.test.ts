import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mainObjective, type Rung, type Trial } from '@espalier/api';
import type { RungEntry } from '@espalier/search';
import { experiment, feed, rungs, running, trial } from '../testing/builders.ts';
import { recomputed } from '../testing/recomputed.ts';
import { chanceOf } from '../testing/sweep-spec.ts';
import { NEW_STATUS } from '../trial/ledger.ts';
import { judge, rungEntry } from '../trial/rungs.ts';
import { stopRuleOf } from './stop-rule.ts';

const MILESTONE = 1;
const { spec, ...rest } = experiment({
  parameters: [{ name: 'lr', float: { value: 0.01 } }],
  earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 2 },
});

/** The verdict on a value, by a leader whose cache has these entries. */
function judged(value: number, known: readonly RungEntry[]): Rung {
  const view = feed({ milestones: [{ milestone: MILESTONE, value }] });
  const [rung] = judge(
    stopRuleOf(spec, 0),
    mainObjective(spec).goal,
    NEW_STATUS,
    view,
    new Map([[MILESTONE, known]]),
  );
  assert.ok(rung);
  return rung;
}

interface Deposed {
  readonly trials: readonly Trial[];
  /** Verdicts made before a write that was under way had arrived. */
  readonly blind: number;
}

/** A rung at which each of two leaders loses its lease while its last verdict is on its way. */
function deposedTwice(seed: number): Deposed {
  const chance = chanceOf(seed);
  const known: RungEntry[] = [];
  const late: { rung: Rung; arrivesAt: number }[] = [];
  const all: Rung[] = [];
  let blind = 0;
  for (let i = 0; i < 24; i++) {
    for (const write of late.splice(0)) {
      if (write.arrivesAt <= i) known.push(rungEntry(write.rung));
      else late.push(write);
    }
    const rung = judged(Math.round(chance() * 100), known);
    all.push(rung);
    if (i === 6 || i === 13) late.push({ rung, arrivesAt: i + 1 + Math.floor(chance() * 6) });
    else {
      known.push(rungEntry(rung));
      blind += late.length;
    }
  }
  const names = all.map((_, index) => `a-${String(index).padStart(5, '0')}`);
  return { trials: all.map((rung, i) => trial(names[i], running(), rungs(rung))), blind };
}

function verdictsOf(trials: readonly Trial[]) {
  const value = recomputed({ spec, ...rest }, trials, { oneController: false });
  return value.differences.filter(({ what }) => what.startsWith('verdict'));
}

test('G1 G15 the write of a deposed leader that arrives late is no fault of the record', (t) => {
  let blind = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const run = deposedTwice(seed);
    blind += run.blind;
    assert.deepEqual(verdictsOf(run.trials), [], `seed ${seed}`);
  }
  assert.ok(blind > 300);
  t.diagnostic(`300 rungs of 24 verdicts, ${blind} of them made without a late entry`);
});

test('G15 a verdict that no order of arrival explains is found beside a late write', (t) => {
  let found = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const { trials } = deposedTwice(seed);
    // Before the first change of leader nothing was late.
    const changed = trials.map((one, index) => {
      if (index !== 4) return one;
      const [rung] = one.status?.rungs ?? [];
      assert.ok(rung);
      const verdict = rung.verdict === 'stop' ? 'continue' : 'stop';
      return rungs({ ...rung, verdict })(one);
    });
    found += verdictsOf(changed).length;
  }
  assert.equal(found, 100);
  t.diagnostic('100 changed verdicts, all found');
});
