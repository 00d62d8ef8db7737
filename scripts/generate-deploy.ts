import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { toolPaths } from '../test/kit/tools.ts';
import { deployFiles } from './deploy-manifests.ts';

/** `make generate-deploy`: writes manifests/deploy and manifests/uninstall; a test says when they differ. */

const ROOT = join(import.meta.dirname, '..');
const NAMESPACE = 'espalier-system';

const { helm } = await toolPaths(['helm']);
const rendered = execFileSync(
  helm,
  ['template', 'espalier', 'charts/espalier', '--namespace', NAMESPACE],
  { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 },
);
for (const folder of ['deploy', 'uninstall']) {
  rmSync(join(ROOT, 'manifests', folder), { recursive: true, force: true });
}
for (const [path, content] of deployFiles(rendered, NAMESPACE)) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), content);
}
