import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** An Experiment that can be run here and on a cluster. */
export const MANIFEST = `apiVersion: espalier.dev/v1alpha1
kind: Experiment
metadata: { name: digits }
spec:
  objective: { metric: valid_acc, goal: maximize }
  parameters:
    - { name: lr, float: { min: 1.0e-5, max: 1.0e-2, scale: log } }
    - { name: schedule, string: { values: [constant, cosine] } }
    - { name: epochs, int: { value: 8 } }
  trials: { max: 2, parallel: 2 }
  trainer: { command: [./train.sh], image: registry/trainer }
`;

/** A folder with {@link MANIFEST} as digits.yaml, until the tests of a file have ended. */
export function manifestFolder(): { readonly dir: string; readonly file: string } {
  const dir = mkdtempSync(join(tmpdir(), 'espalier-manifests-'));
  after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'digits.yaml');
  writeFileSync(file, MANIFEST);
  return { dir, file };
}
