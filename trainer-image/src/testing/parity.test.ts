import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testDevice } from './layer-probe.ts';
import { readReference, replay } from './parity.ts';

// The nearest to PyTorch's own order of additions; it must be set before TensorFlow loads.
process.env['TF_ENABLE_ONEDNN_OPTS'] = '0';
const device = testDevice();
const reference = readReference(fileURLToPath(new URL('../../fixtures/parity', import.meta.url)));
const ROWS = {
  sgd: 'R22',
  momentum: 'R23',
  adagrad: 'R24',
  rmsprop: 'R25',
  adam: 'R26 R27',
  adamw: 'R27',
};
const LOSS_ROWS = { 'cross-entropy': 'R19', mse: 'R20' };

for (const run of reference.runs) {
  const rows = `${ROWS[run.optimizer]} ${LOSS_ROWS[run.loss]} R30 R31`;
  const inner = run.rmspropMomentum > 0 ? ` with momentum ${run.rmspropMomentum}` : '';
  const title = `${rows} 40 steps of ${run.optimizer}${inner} on ${run.loss} equal PyTorch's`;
  test(title, (context) => {
    assert.equal(run.losses.length, 40);
    const before = device.liveTensors;
    const gaps = replay(device, reference, run);
    context.diagnostic(JSON.stringify(gaps));
    assert.ok(gaps.loss <= 1e-5, `loss differs by ${gaps.loss}`);
    assert.ok(gaps.norm <= 1e-4, `norm differs by ${gaps.norm}`);
    assert.ok(gaps.logits <= 1e-4, `evaluation logits differ by ${gaps.logits}`);
    assert.equal(device.liveTensors, before);
  });
}
