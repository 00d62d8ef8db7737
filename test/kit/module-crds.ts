import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ControlPlane } from './control-plane.ts';
import { untilCrdsServed } from './crds.ts';

const HERE = join(import.meta.dirname, '../tools/crds');
const CERT_MANAGER = 'github.com/cert-manager/cert-manager';
const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator';
const FILES = {
  [CERT_MANAGER]: ['deploy/crds/crd-certificates.yaml', 'deploy/crds/crd-issuers.yaml'],
  [PROMETHEUS_OPERATOR]: ['podmonitors', 'prometheusrules'].map(
    (plural) => `example/prometheus-operator-crd/monitoring.coreos.com_${plural}.yaml`,
  ),
};

/**
 * Installs the kinds of cert-manager and of the Prometheus operator that our chart uses, as their projects
 * publish them: Go downloads the modules that test/tools/crds pins, once, and checks them against its go.sum.
 */
export async function installModuleCrds(plane: ControlPlane): Promise<void> {
  const { stdout } = await promisify(execFile)(
    'go',
    ['mod', 'download', '-json', ...Object.keys(FILES)],
    {
      cwd: HERE,
      encoding: 'utf8',
      env: { ...process.env, GOWORK: 'off' },
    },
  );
  const folders = JSON.parse(`[${stdout.replaceAll('}\n{', '},{')}]`) as readonly {
    readonly Path: keyof typeof FILES;
    readonly Dir: string;
  }[];
  for (const { Path: path, Dir: folder } of folders) {
    for (const file of FILES[path]) {
      const text = readFileSync(join(folder, file), 'utf8');
      // cert-manager's are templates of its chart; what they template are labels and annotations.
      const plain = text.replaceAll(/^.*\{\{.*\n/gm, '');
      await plane.kubectl(['apply', '--server-side', '-f', '-'], plain);
    }
  }
  await untilCrdsServed(plane.client);
}
