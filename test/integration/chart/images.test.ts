import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { CACHE } from '../../kit/node/server-images.ts';
import { CHART } from './helm.ts';
import { needlessIn, packagesIn, runInImage, unpackImage } from './image-archive.ts';

const root = join(CHART, '../..');
const run = promisify(execFile);

/** What every image is held to; a layer is one beyond the base. */
const IMAGES = {
  controller: { bytes: 350e6, title: 'espalier-controller', help: /espalier-controller/ },
  courier: { bytes: 350e6, title: 'espalier-courier', help: /espalier-courier/ },
  cli: { bytes: 350e6, title: 'espalier', help: /espalier/ },
  trainer: { bytes: 1400e6, title: 'espalier-trainer', help: /espalier-train/ },
} as const;
const MOST_LAYERS = 3;
const WITHOUT: Readonly<Record<keyof typeof IMAGES, readonly string[]>> = {
  controller: ['@tensorflow', 'sharp'],
  courier: ['@tensorflow', '@kubernetes', '@aws-sdk', 'sharp'],
  cli: ['@tensorflow'],
  trainer: ['@kubernetes', '@aws-sdk'],
};

/** Prints the version of the libraries that the addon finds. */
const LOAD_TENSORFLOW = [
  '/app/node_modules/.bin/node',
  '-e',
  `const addon = require('/app/node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');
   console.log(addon.TF_Version);`,
];

const whyNot = (): string | false => {
  if (process.env['ESPALIER_HOST_TESTS'] !== '1') return 'ESPALIER_HOST_TESTS is not 1';
  return process.getuid?.() === 0 ? false : 'only root builds and runs images without an engine';
};

describe('the images', { skip: whyNot() }, () => {
  for (const name of Object.keys(IMAGES) as (keyof typeof IMAGES)[]) {
    test(`${name} is small, names its packages, and runs as nobody on a read-only root`, async (context) => {
      const scratch = mkdtempSync(join(tmpdir(), 'espalier-image-'));
      context.after(() => rmSync(scratch, { recursive: true, force: true }));
      const { stdout } = await run(
        join(root, 'scripts/images.sh'),
        ['--archive', join(CACHE, 'images'), name],
        {
          maxBuffer: 64 << 20,
        },
      );
      const [, , archive = ''] = stdout.trim().split(' ');
      const { tree, settings, layers, bytes } = await unpackImage(archive, scratch);
      const { bytes: most, title, help } = IMAGES[name];
      const workspace = name === 'trainer' ? 'trainer-image' : name;

      assert.ok(bytes <= most, `${bytes} bytes of at most ${most}`);
      assert.ok(layers - 1 <= MOST_LAYERS, `${layers - 1} layers beyond the base`);
      assert.equal(settings.User, '65532:65532');
      const labels = settings.Labels ?? {};
      const label = (of: string): string => labels[`org.opencontainers.image.${of}`] ?? '';
      assert.equal(label('title'), title);
      assert.equal(label('licenses'), 'Apache-2.0');
      assert.match(label('version'), /^\d+\.\d+\.\d+/);
      if (existsSync(join(root, '.git')))
        assert.match(label('revision'), /^[0-9a-f]{40}(-dirty)?$/);

      const modules = join(tree, 'app/node_modules');
      for (const absent of WITHOUT[name])
        assert.ok(!existsSync(join(modules, absent)), `${absent} is in the image`);
      const bill = JSON.parse(
        readFileSync(join(tree, `usr/share/doc/espalier/${workspace}.spdx.json`), 'utf8'),
      ) as { packages: { name: string; versionInfo: string }[] };
      const named = bill.packages.map((one) => `${one.name}@${one.versionInfo}`);
      const { name: own, version } = JSON.parse(
        readFileSync(join(tree, 'app', workspace, 'package.json'), 'utf8'),
      );
      const present = ['espalier', own].map((one) => `${one}@${version}`);
      assert.deepEqual(
        [...new Set(named)].sort(),
        [...new Set([...packagesIn(modules), ...present])].sort(),
      );

      for (const [what, paths] of Object.entries(needlessIn(tree)))
        assert.deepEqual(paths.slice(0, 20), [], what);
      const [program = ''] = settings.Entrypoint ?? [];
      assert.match(await runInImage(tree, [program, '--help']), help);
      if (name === 'trainer') assert.match(await runInImage(tree, LOAD_TENSORFLOW), /^2\.\d+\.\d+/);
      context.diagnostic(
        `${name}: ${Math.round(bytes / 1e6)} MB, ${layers - 1} layers beyond the base, ${named.length} packages`,
      );
    });
  }
});
