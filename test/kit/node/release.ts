import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolPaths } from '../tools.ts';
import { CACHE } from './server-images.ts';

const root = join(import.meta.dirname, '../../..');
const RELEASE = 'espalier';
export const NAMESPACE = 'espalier-system';

/**
 * Resolves with archives of the project's images, built first where what goes into them has changed
 * (`scripts/images.sh`, whose progress goes to stderr).
 */
export async function projectImages(): Promise<string[]> {
  const script = join(root, 'scripts/images.sh');
  const names = ['controller', 'courier', 'trainer'];
  const running = promisify(execFile)(script, ['--archive', join(CACHE, 'images'), ...names], {
    maxBuffer: 64 << 20,
  });
  running.child.stderr?.pipe(process.stderr);
  const lines = (await running).stdout.trimEnd().split('\n');
  return lines.map((line) => line.split(' ').slice(2).join(' '));
}

/** Installs the chart with its bundled servers; resolves when all of it is ready. */
export async function installRelease(kubeconfig: string): Promise<void> {
  const { helm } = await toolPaths(['helm']);
  const home = mkdtempSync(join(tmpdir(), 'espalier-helm-'));
  try {
    const what = [RELEASE, join(root, 'charts/espalier')];
    const where = ['--namespace', NAMESPACE, '--create-namespace'];
    const args = ['upgrade', '--install', ...what, ...where, '--wait', '--timeout', '5m'];
    await promisify(execFile)(helm, [...args, '--kubeconfig', kubeconfig], {
      env: { HOME: home },
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
