import { test } from 'node:test';
import { checkExperiment, experimentSchema, trialSchema } from '@espalier/api';
import { ALGORITHMS } from '@espalier/search';
import fc from 'fast-check';
import { z } from 'zod';
import { parseRecord, parseRecordFile } from '../../controller/src/domain/experiment/record.ts';
import {
  experiment,
  experimentStatus,
  succeeded,
  trial,
} from '../../controller/src/domain/testing/builders.ts';
import { recomputed } from '../../controller/src/domain/testing/recomputed.ts';
import { SimulatedSweep } from '../../controller/src/domain/testing/simulated-sweep.ts';
import { chanceOf, randomSpec } from '../../controller/src/domain/testing/sweep-spec.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson, hostileValue } from './hostile-values.ts';

const EXPERIMENT = experiment({}, experimentStatus({}));
const TRIALS = [trial('a-00000', succeeded(0.5)), trial('a-00001', succeeded(0.7))];

test('a record of a search of any content is read or refused', (t) => {
  const files = [{ sha256: 'a'.repeat(64), size: 7 }];
  const record = { version: 1, experiment: EXPERIMENT, files };
  const lines = TRIALS.map((each) => JSON.stringify(each)).join('\n');
  return fuzz(t, {
    input: fc.record({
      record: hostileJson([record]),
      lines: fc.oneof(
        hostileText([lines]),
        fc.array(hostileJson(TRIALS)).map((all) => all.join('\n')),
      ),
    }),
    cases: casesOf('records of a search'),
    declared: [Error, SyntaxError, z.core.$ZodError],
    read: ({ record: text, lines: file }) => [parseRecord(text), parseRecordFile(file)],
  });
});

test('a record that its schemas let through is recomputed, whatever stands in it', (t) => {
  const sound = hostileValue(sweeps()).map((value) => {
    const { experiment: object, trials } = Object(value);
    const read = experimentSchema.safeParse(object).data;
    const isSound = read !== undefined && checkExperiment(read.spec).length === 0;
    const all = Array.isArray(trials) ? trials : [];
    return {
      experiment: isSound ? read : EXPERIMENT,
      trials: all.flatMap((each) => trialSchema.safeParse(each).data ?? []),
    };
  });
  return fuzz(t, {
    input: sound,
    cases: casesOf('whole records recomputed'),
    read: (one) => recomputed(one.experiment, one.trials),
  });
});

/** Sweeps that have ended, of every algorithm that is quick. */
function sweeps(): readonly object[] {
  const quick = ALGORITHMS.filter(({ name }) => !['gp', 'auto', 'pbt'].includes(name));
  return quick.flatMap(({ name }) =>
    [1, 2, 3, 4, 5].map((seed) => {
      const chance = chanceOf(seed);
      const sweep = new SimulatedSweep(experiment(randomSpec(chance, name, 8)), chance);
      return { experiment: sweep.experiment, trials: sweep.run() };
    }),
  );
}
