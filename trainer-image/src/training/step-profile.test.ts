import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { noise, testDevice } from '../testing/layer-probe.ts';
import { Session } from './session.ts';
import { STEP_PARTS, StepProfile } from './step-profile.ts';

const device = testDevice();
const SMALL: [string, number][] = [
  ['imageSize', 32],
  ['width', 0.125],
];
const pixels = noise('profile', 4 * 32 * 32 * 3);
const labels = Int32Array.of(0, 1, 2, 3);

function step(session: Session, index: number): void {
  const images = device.floats([4, 32, 32, 3], pixels);
  session.train(images, labels, { step: index, totalSteps: 2000, stepsPerEpoch: 100 });
}

test('a profile names every part of a step', () => {
  const session = new Session(device, parseParameters(SMALL));
  session.profile = new StepProfile();
  session.profile.begin(0);
  session.profile.mark('data');
  step(session, 0);
  const [title = '', ...rows] = session.profile.lines();
  assert.match(title, /1 steps/);
  assert.deepEqual(
    rows.map((row) => row.trim().split(/\s+/)[0]),
    [...STEP_PARTS, 'step'],
  );
  session.profile.begin(1);
  session.profile.mark('data');
  assert.match(session.profile.lines().at(-1) ?? '', /data from the second epoch on: 100\.00 %/);
  assert.deepEqual(new StepProfile().lines(), ['Profile: no step was made.']);
  session.dispose();
});

test('2,000 steps at 32x32 and an eighth of the width leave tensors and memory as they were', () => {
  const session = new Session(device, parseParameters(SMALL));
  const sample = (): { tensors: number; rss: number } => {
    globalThis.gc?.();
    return { tensors: device.liveTensors, rss: process.memoryUsage.rss() };
  };
  for (let index = 0; index < 300; index++) step(session, index);
  const before = sample();
  for (let index = 300; index < 2000; index++) step(session, index);
  const after = sample();
  assert.equal(after.tensors, before.tensors);
  const grownMB = (after.rss - before.rss) / 1e6;
  assert.ok(grownMB < 40, `memory grew by ${grownMB.toFixed(1)} MB over 1,700 steps`);
  session.dispose();
});
