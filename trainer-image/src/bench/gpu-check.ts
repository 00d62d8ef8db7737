import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * `make gpu-check`: on a machine with a GPU, whether it is used, whether its numbers are PyTorch's, and
 * how fast it trains. Ends with another code than 0 if a step fails or no GPU is used.
 */

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const environment = { ...process.env, ESPALIER_DEVICE: 'gpu' };

function run(args: readonly string[], input = ''): boolean {
  const options = { env: environment, input, stdio: ['pipe', 'inherit', 'inherit'] as const };
  const { status } = spawnSync(process.execPath, ['--conditions=@espalier/source', ...args], {
    ...options,
    stdio: [...options.stdio],
  });
  return status === 0;
}

const steps: Record<string, () => boolean> = {
  'a GPU is used': () => run([script('../main.ts'), 'doctor', '--gpu']),
  'its numbers are those of PyTorch': () => run([script('./parity.ts')]),
  'steps at batch 64': () => run([script('./step-server.ts'), '64', '128', '1'], '\n'.repeat(20)),
};
for (const [name, passes] of Object.entries(steps)) {
  process.stderr.write(`gpu-check: ${name}\n`);
  if (passes()) continue;
  process.stderr.write(`gpu-check: failed: ${name}\n`);
  process.exitCode = 1;
  break;
}
