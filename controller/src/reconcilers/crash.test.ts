import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpecInput } from '../domain/testing/builders.ts';
import { runToEnd } from './testing/run-to-end.ts';
import type { Trainer, World, WorldOptions } from './testing/world.ts';

const SPEC: SpecInput = {
  trials: { max: 5, parallel: 2, maxFailed: 5 },
  attempts: { maxRetries: 1, maxDisruptions: 3 },
  earlyStopping: { algorithm: 'asha', min: 1, max: 4, eta: 2, minRungSize: 4 },
};

/** 1 fails once, 2 is disrupted once, 3 is stopped early, 4 has bad parameters, 5 makes up for it. */
const trainer: Trainer = ({ spec: { index }, status }) => {
  const troubles = status?.attempts.filter(({ outcome }) => outcome && outcome !== 'Interrupted');
  const isFirst = (troubles ?? []).length === 0;
  const values =
    [0.9, 0.8, 0.85, 0.1, 0, 0.95].map((top) => [top - 0.05, top, top, top])[index] ?? [];
  if (index === 1 && isFirst) return { values: values.slice(0, 1), end: { exitCode: 1 } };
  if (index === 2 && isFirst) {
    return { values: values.slice(0, 2), end: { exitCode: 143, disrupted: true } };
  }
  if (index === 4) return { values: [], end: { exitCode: 20 } };
  return { values };
};

const run = (options: Omit<WorldOptions, 'trainer'>, crash?: World['writes']['crashAt']) =>
  runToEnd(SPEC, { ...options, trainer }, crash);

/** The end state without times, and without what only says that a runner died. */
function endState(world: World): unknown {
  // Which attempt it was that got to the end.
  return JSON.parse(JSON.stringify(rawEndState(world)).replaceAll(/\/a\d+\//g, '/aN/'));
}

function rawEndState(world: World) {
  const { conditions, startTime, completionTime, ...status } = world.experiment()?.status ?? {};
  return {
    status,
    conditions: conditions?.map(({ lastTransitionTime, ...condition }) => condition),
    trials: world.trials().map(({ spec, metadata, status: state }) => ({
      spec,
      name: metadata.name,
      phase: state?.phase,
      reason: state?.reason,
      value: state?.observation?.value,
      attempts: state?.attempts
        .filter(({ outcome }) => outcome !== 'Interrupted')
        // Whether a stopped trainer ended by SIGTERM or with its runner is a matter of luck.
        .map(({ outcome, reason, exitCode }) =>
          outcome === 'Stopped' ? { outcome, reason } : { outcome, reason, exitCode },
        ),
      rungs: state?.rungs.map(({ step, value, verdict }) => ({ step, value, verdict })),
      checkpoint: state?.artifacts?.checkpoint !== undefined,
    })),
    best: world.stored.best?.trial,
    dropped: [...world.stored.dropped].sort(),
    pods: world.truth.pods.size,
    isPublished: world.stored.trialsCsv !== undefined && world.stored.record !== undefined,
  };
}

const modes: Record<string, { isLocal: boolean }> = {
  'whose pods run on': { isLocal: false },
  'whose pods and views die with it': { isLocal: true },
};
for (const [mode, options] of Object.entries(modes)) {
  for (const when of ['before', 'after'] as const) {
    test(`G1 G2 G9 a controller ${mode}, killed ${when} any write, ends as if it had not been`, async () => {
      const reference = await run(options);
      const wanted = endState(reference);
      assert.deepEqual(
        rawEndState(reference).trials.map(({ phase, reason }) => `${phase} ${reason}`),
        [
          'Succeeded Completed',
          'Succeeded Completed',
          'Succeeded Completed',
          'Stopped EarlyStopped',
          'Failed InvalidParameters',
          'Succeeded Completed',
        ],
      );
      for (const [number, name] of reference.writes.names.entries()) {
        const world = await run(options, { number, when });
        const place = `${when} write ${number}, ${name}`;
        assert.equal(world.restarts, 1, place);
        assert.deepEqual(endState(world), wanted, place);
        assert.equal(world.overlaps, 0, place);
        assert.ok(world.peak <= 2, place);
        for (const [pod, starts] of world.starts) assert.equal(starts, 1, `${pod} ${place}`);
      }
    });
  }
}
