import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Experiment } from '@espalier/api';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { applyCrds, makeNamespace } from '../k8s/objects.ts';
import { ESPALIER, environment } from './sandbox.ts';

const run = promisify(execFile);
const QUESTION = '--image i --lr 1e-5..1e-2:log --batch-size 32,64,128 --metric acc:max'.split(' ');

describe('a sweep from flags on a cluster, by kubectl', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'cli-sweep', nodes: false });
  /** With the contexts `here` and `there`. */
  let kubeconfig = '';
  let bin = '';

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    for (const name of ['here', 'there']) await makeNamespace(plane.client, name);
    const direct = plane.writeKubeconfig('direct', plane.token('admin'));
    const config = JSON.parse(readFileSync(direct, 'utf8'));
    config.contexts = [
      { name: 'here', context: { cluster: 'kit', user: 'kit', namespace: 'here' } },
      { name: 'there', context: { cluster: 'kit', user: 'kit', namespace: 'there' } },
    ];
    config['current-context'] = 'here';
    kubeconfig = join(dirname(direct), 'contexts');
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    bin = join(dirname(direct), 'bin');
    mkdirSync(bin);
    symlinkSync(plane.kubectlPath, join(bin, 'kubectl'));
    symlinkSync(ESPALIER, join(bin, 'kubectl-espalier'));
  });

  /** The real kubectl, which finds the plugin on the PATH; rejects unless it ends with 0. */
  async function kubectl(...words: readonly string[]): Promise<string> {
    const env = environment({
      KUBECONFIG: kubeconfig,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    });
    return (await run(join(bin, 'kubectl'), words, { env, cwd: bin })).stdout;
  }

  const existing = async (namespace: string): Promise<readonly Experiment[]> =>
    JSON.parse(await kubectl('get', 'experiments', '-n', namespace, '-o', 'json')).items;

  test('kubectl espalier sweep is there once, however often it is called', async () => {
    assert.equal(
      (await kubectl('espalier', 'sweep', ...QUESTION, '--dry-run')).includes('created'),
      true,
    );
    assert.deepEqual(await existing('here'), []);
    const first = await kubectl('espalier', 'sweep', ...QUESTION);
    assert.match(first, /^experiment\.espalier\.dev\/sweep-[0-9a-f]{8} created$/m);
    const again = await kubectl('espalier', 'sweep', ...QUESTION);
    assert.match(again, /unchanged$/m);
    const more = await kubectl('espalier', 'sweep', ...QUESTION, '--trials', '40');
    assert.match(more, /configured$/m);
    const [made, ...others] = await existing('here');
    assert.deepEqual(others, []);
    assert.deepEqual(made?.spec.trials, { max: 40, parallel: 1, maxFailed: 3 });
    assert.equal(made?.spec.parameters[1]?.name, 'batchSize');
  });

  test('the manifest that is printed is the one that the server has', async () => {
    const yaml = await kubectl('espalier', 'sweep', ...QUESTION, '--print');
    const path = join(bin, 'sweep.yaml');
    writeFileSync(path, yaml);
    await kubectl('create', '-n', 'there', '-f', path);
    const [printed] = await existing('there');
    const submitted = (await existing('here')).find(
      ({ metadata }) => metadata.name === printed?.metadata.name,
    );
    assert.notEqual(submitted, undefined);
    const { trials: _, ...rest } = submitted?.spec ?? {};
    const { trials: __, ...other } = printed?.spec ?? {};
    assert.deepEqual(other, rest);
  });

  test('a context is looked at by its name, with its namespace', async () => {
    await kubectl('espalier', 'sweep', ...QUESTION, '--name', 'only-there', '--context', 'there');
    assert.match(await kubectl('espalier', 'list', '--context', 'there'), /^only-there /m);
    assert.doesNotMatch(await kubectl('espalier', 'list'), /only-there/);
    await assert.rejects(
      kubectl('espalier', 'list', '--context', 'ther'),
      /did you mean "there"\?/,
    );
  });
});
