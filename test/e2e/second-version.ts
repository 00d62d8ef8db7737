import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { addField } from '../integration/chart/second-build.ts';
import { CACHE } from '../kit/node/server-images.ts';

const ROOT = join(import.meta.dirname, '../..');
/** What no image is made from. */
const LEFT_OUT = new Set(['.git', '.espalier', 'coverage', 'dist', 'docs', 'node_modules', 'test']);

/** The next version of the project, whose Experiments have one more field: `spec.note`. */
export interface SecondVersion {
  readonly tag: string;
  readonly chart: string;
  /** Of its controller; made from what is in the builder's cache, but for the changed sources. */
  image(): Promise<string>;
  remove(): void;
}

export function makeSecondVersion(): SecondVersion {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-second-'));
  const tag = '0.2.0';
  cpSync(ROOT, folder, {
    recursive: true,
    filter: (path) =>
      !relative(ROOT, path)
        .split(sep)
        .some((part) => LEFT_OUT.has(part)),
  });
  const chart = join(folder, 'charts/espalier');
  addField(folder, chart);
  return {
    tag,
    chart,
    image: async () => {
      const archives = join(CACHE, 'images', tag);
      const running = promisify(execFile)(
        join(folder, 'scripts/images.sh'),
        ['--archive', archives, 'controller'],
        { env: { ...process.env, IMAGE_TAG: tag }, maxBuffer: 64 << 20 },
      );
      running.child.stderr?.pipe(process.stderr);
      await running;
      return join(archives, 'controller.tar');
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
