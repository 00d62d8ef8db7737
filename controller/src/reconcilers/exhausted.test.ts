import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpecInput } from '../domain/testing/builders.ts';
import { runToEnd } from './testing/run-to-end.ts';
import type { Trainer } from './testing/world.ts';

const RATES = [0.1, 0.03, 0.01, 0.003, 0.001];
const trainer: Trainer = ({ spec: { index } }) => ({
  values: Array.from({ length: 4 }, (_, epoch) => 0.5 + ((index * 7) % 5) / 10 + epoch / 100),
});

/** Sweeps that know their own end: the cells of a grid, and brackets in which most are stopped. */
const SPECS: Record<
  string,
  { spec: SpecInput; want: { reason: string; trials: number; isStopping: boolean } }
> = {
  grid: {
    spec: {
      parameters: [{ name: 'lr', float: { values: RATES } }],
      search: { algorithm: 'grid' },
      trials: { max: 9, parallel: 2 },
    },
    want: { reason: 'SearchSpaceExhausted', trials: RATES.length, isStopping: false },
  },
  hyperband: {
    spec: {
      trials: { max: 9, parallel: 2 },
      earlyStopping: { algorithm: 'hyperband', min: 1, max: 4, eta: 2, minRungSize: 2 },
    },
    want: { reason: 'MaxTrialsReached', trials: 9, isStopping: true },
  },
};

for (const [name, { spec, want }] of Object.entries(SPECS)) {
  test(`U8 a sweep by ${name} comes to its end, after whatever write its controller is killed`, async (t) => {
    const reference = await runToEnd(spec, { trainer });
    const stopped = reference.trials().filter(({ status }) => status?.reason === 'EarlyStopped');
    assert.equal(stopped.length > 0, want.isStopping);
    const writes = reference.writes.names.length;
    for (const number of [undefined, ...Array(writes).keys()]) {
      const crash = number === undefined ? undefined : ({ number, when: 'after' } as const);
      const world = await runToEnd(spec, { trainer }, crash);
      const { phase, reason } = world.experiment()?.status ?? {};
      assert.deepEqual([phase, reason], ['Succeeded', want.reason], `write ${number}`);
      const indices = world.trials().map((trial) => trial.spec.index);
      assert.deepEqual(indices, [...Array(want.trials).keys()], `write ${number}`);
    }
    t.diagnostic(`${writes} writes`);
  });
}
