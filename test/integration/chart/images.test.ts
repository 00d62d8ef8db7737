import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CHART } from './helm.ts';

const root = join(CHART, '../..');
const run = promisify(execFile);
const MOST_BYTES = { controller: 350e6, courier: 350e6 } as const;

const whyNot = (): string | false => {
  if (process.env['ESPALIER_HOST_TESTS'] !== '1') return 'ESPALIER_HOST_TESTS is not 1';
  if (process.env['ESPALIER_TEST_ALL'] !== '1')
    return 'minutes and many packages: ESPALIER_TEST_ALL=1';
  return process.getuid?.() === 0 ? false : 'only root builds without an engine of docker';
};

/** Of the layers, as buildah says it: `259 MB`. */
function bytesOf(size: string): number {
  const [, amount = '', unit = ''] = /^([0-9.]+) ?(|k|M|G)B$/.exec(size) ?? [];
  return Number(amount) * { '': 1, k: 1e3, M: 1e6, G: 1e9 }[unit as '' | 'k' | 'M' | 'G'];
}

/** What its program says of itself, as the engine that built the image runs it. */
async function helpOf(image: string, name: string): Promise<string> {
  const hasDocker = await run('docker', ['version']).then(
    () => true,
    () => false,
  );
  if (hasDocker)
    return (await run('docker', ['run', '--rm', '--read-only', image, '--help'])).stdout;
  const env = { ...process.env, BUILDAH_ISOLATION: 'chroot', STORAGE_DRIVER: 'vfs' };
  const container = (await run('buildah', ['from', image], { env })).stdout.trim();
  try {
    const program = `/app/${name}/bin/espalier-${name}`;
    const as = ['run', '--user', '65532:65532', container, '--', program, '--help'];
    return (await run('buildah', as, { env })).stdout;
  } finally {
    await run('buildah', ['rm', container], { env });
  }
}

describe('the images', { skip: whyNot() }, () => {
  for (const [name, most] of Object.entries(MOST_BYTES)) {
    test(`${name} is built, small, and runs as nobody`, async (context) => {
      const { stdout } = await run(join(root, 'scripts/images.sh'), [name], {
        maxBuffer: 64 << 20,
      });
      const [image = '', ...size] = stdout.trim().split(' ');
      const bytes = /^[0-9]+$/.test(size.join(' ')) ? Number(size[0]) : bytesOf(size.join(' '));
      assert.ok(bytes > 50e6 && bytes <= most, stdout);
      assert.match(await helpOf(image, name), new RegExp(`espalier-${name}`));
      context.diagnostic(`${image}: ${Math.round(bytes / 1e6)} MB`);
    });
  }
});
