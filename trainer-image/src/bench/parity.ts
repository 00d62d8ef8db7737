import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDevice } from '../backend/device.ts';
import { modelTensors } from '../checkpoint/model-file.ts';
import { encodeSafetensors } from '../checkpoint/safetensors.ts';
import { toFloats } from '../data/batches.ts';
import { parseParameters } from '../parameters/parse-parameters.ts';
import { RandomStream } from '../random/stream.ts';
import { type Gaps, readReference, replay } from '../testing/parity.ts';
import { Session } from '../training/session.ts';
import { findPython, NO_PYTHON, printLine, runPython } from './python.ts';

/**
 * `node --conditions=@espalier/source trainer-image/src/bench/parity.ts`: trains in real PyTorch and
 * here from the same weights, and loads our model there; one JSON line per comparison. Ends with 1 if
 * one is out of its bounds.
 */

// The nearest to PyTorch's own order of additions; it must be set before TensorFlow loads.
process.env['TF_ENABLE_ONEDNN_OPTS'] ??= '0';
// TF32 has 10 bits of fraction and cannot be switched off later.
process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';

const device = openDevice({ threads: undefined, deterministic: true });
const BOUNDS: Record<'small' | 'full', Gaps> = device.isGpu
  ? {
      small: { loss: 1e-3, norm: 1e-2, logits: 1e-2 },
      full: { loss: 1e-3, norm: 1e-1, logits: Number.POSITIVE_INFINITY },
    }
  : {
      small: { loss: 1e-5, norm: 1e-4, logits: 1e-4 },
      full: { loss: 1e-3, norm: 1e-2, logits: Number.POSITIVE_INFINITY },
    };

const folder = mkdtempSync(join(tmpdir(), 'espalier-parity-'));
const python = findPython('torch', 'safetensors');
try {
  if (python === undefined) printLine({ bench: 'parity', skipped: NO_PYTHON });
  else {
    compareTraining(python, 'small');
    compareTraining(python, 'full');
    compareLoading(python);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function compareTraining(interpreter: string, kind: 'small' | 'full'): void {
  const target = join(folder, kind);
  mkdirSync(target);
  runPython(interpreter, 'export.py', [kind, target]);
  const reference = readReference(target);
  for (const run of reference.runs) {
    const gaps = replay(device, reference, run);
    const bounds = BOUNDS[kind];
    // Adam's first steps have the size of the rate whatever the gradient's, so they blow up rounding:
    // PyTorch's own run differs from the same in double precision by more than the bound.
    const holds =
      gaps.loss <= Math.max(bounds.loss, 2 * (run.ownNoise ?? 0)) &&
      gaps.norm <= bounds.norm &&
      gaps.logits <= bounds.logits;
    const { optimizer, loss, rmspropMomentum, ownNoise } = run;
    const steps = run.losses.length;
    report({
      bench: 'parity',
      case: kind,
      optimizer,
      loss,
      rmspropMomentum,
      steps,
      gaps,
      ownNoise,
      holds,
    });
  }
}

/** A model of ours after two steps, loaded strictly and evaluated by PyTorch. */
function compareLoading(interpreter: string): void {
  const [side, width, classes, count] = [64, 0.125, 11, 6];
  const parameters = parseParameters([
    ['imageSize', side],
    ['width', width],
  ]);
  const session = new Session(device, parameters);
  const random = new RandomStream(1, 'parity-pixels');
  const pixels = Uint8Array.from({ length: count * side * side * 3 }, () => random.below(256));
  const shape = [count, side, side, 3];
  const labels = Int32Array.from({ length: count }, (_, index) => index);
  for (let step = 0; step < 2; step++) {
    const progress = { step, totalSteps: 2, stepsPerEpoch: 2 };
    session.train(toFloats(device, pixels.slice(), shape), labels, progress);
  }
  const model = join(folder, 'model.safetensors');
  const raw = join(folder, 'pixels.raw');
  const tensors = modelTensors(device, session.network, 2);
  writeFileSync(model, Buffer.concat(encodeSafetensors(tensors)));
  writeFileSync(raw, pixels);
  const args = [model, String(side), String(width), String(classes), raw];
  const theirs = JSON.parse(runPython(interpreter, 'load.py', args)) as {
    missing: string[];
    unexpected: string[];
    logits: number[];
  };
  const images = toFloats(device, pixels, shape);
  const ours = device.readFloats(session.network.evaluate(images));
  const gap = ours.reduce((most, v, i) => Math.max(most, Math.abs(v - (theirs.logits[i] ?? 0))), 0);
  const { missing, unexpected } = theirs;
  const holds = missing.length === 0 && unexpected.length === 0 && gap <= 1e-4;
  report({ bench: 'parity', case: 'load_state_dict', strict: true, logits: gap, holds });
}

function report(line: Readonly<Record<string, unknown> & { holds: boolean }>): void {
  printLine(line);
  if (!line.holds) process.exitCode = 1;
}
