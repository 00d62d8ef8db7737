import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { deployFiles } from '../../../scripts/deploy-manifests.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { CHART, NAMESPACE, template } from './helm.ts';

const root = join(CHART, '../..');

describe('the manifests for kubectl apply -k', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'deploy', nodes: false });
  let wanted: ReadonlyMap<string, string> = new Map();

  before(async () => {
    const { stdout } = await template();
    wanted = new Map(deployFiles(stdout, NAMESPACE));
  });

  test('they are the defaults of the chart; else run make generate-deploy', () => {
    const there = globSync('manifests/{deploy,uninstall}/*', { cwd: root }).sort();
    assert.deepEqual(there, [...wanted.keys()].sort());
    for (const path of there) {
      assert.equal(readFileSync(join(root, path), 'utf8'), wanted.get(path), path);
    }
  });

  test('nothing in them is for helm', () => {
    for (const [path, text] of wanted) {
      const objects = text.replaceAll(/^#.*$/gm, '');
      assert.doesNotMatch(objects, /helm\.sh|managed-by: Helm/, path);
    }
  });

  test('kubectl apply -k makes all of it on a fresh cluster, twice', async (context) => {
    const { plane } = cluster;
    const apply = () => plane.kubectl(['apply', '-k', join(root, 'manifests/deploy')]);
    const made = (await apply()).trim().split('\n');
    assert.ok(
      made.every((line) => line.endsWith(' created')),
      made.join('\n'),
    );
    const again = (await apply()).trim().split('\n');
    assert.deepEqual(
      again.filter((line) => !/ (unchanged|configured)$/.test(line)),
      [],
    );
    const job = `/apis/batch/v1/namespaces/${NAMESPACE}/jobs/espalier-create-secrets`;
    await waitFor(async () => (await plane.client.request('GET', job)).status === 200, {
      what: 'the job that makes the keys is there',
    });
    context.diagnostic(`${made.length} objects`);
  });

  test('what ends everything is accepted, too', async () => {
    const folder = join(root, 'manifests/uninstall');
    const made = await cluster.plane.kubectl(['apply', '--dry-run=server', '-k', folder]);
    assert.match(made, /job.batch\/espalier-uninstall created/);
  });
});
