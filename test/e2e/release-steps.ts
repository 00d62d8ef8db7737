import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { writeDigits } from '../../trainer-image/src/digits/write-digits.ts';
import { NAMESPACE } from '../integration/chart/helm.ts';
import type { KubeObject } from '../kit/kube-types.ts';
import { waitFor } from '../kit/wait.ts';
import { DATA_SET, TEAM } from './experiments.ts';
import { run } from './program.ts';
import { SMALL } from './release.ts';
import type { Rig } from './rig.ts';
import { withStore } from './store.ts';

/** Enough images to learn from, few enough to be fetched by every pod. */
const IMAGES = 4500;

/** What the chart leaves, and what comes with namespaces. */
const LEFT = [
  `ConfigMap ${NAMESPACE}/kube-root-ca.crt`,
  'APIService /v1alpha1.espalier.dev',
  'CustomResourceDefinition /experiments.espalier.dev',
  'CustomResourceDefinition /trainerprofiles.espalier.dev',
  'CustomResourceDefinition /trials.espalier.dev',
  `Namespace /${NAMESPACE}`,
  `Namespace /${TEAM}`,
  `ServiceAccount ${NAMESPACE}/default`,
];

export async function install(rig: Rig, context: TestContext): Promise<void> {
  const { kubernetes, release } = rig;
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const team = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: TEAM, labels } };
  await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(team));
  const notes = await release.install(SMALL);
  rig.mark('installed');
  assert.match(notes, /NOT FOR PRODUCTION/);
  rig.follow();
  const objects = await release.objects();
  context.diagnostic(`${objects.length} objects`);
}

export async function pushData(rig: Rig, context: TestContext): Promise<void> {
  const folder = rig.files.file(DATA_SET);
  const counts = await writeDigits(folder, IMAGES);
  const said = await withStore(rig.kubernetes, ({ env }) =>
    run('cli/src/main.ts', ['data', 'push', folder, '-n', TEAM], env),
  );
  rig.mark('data pushed');
  context.diagnostic(`${JSON.stringify(counts)}; ${said.split('\n')[0]}`);
}

export async function uninstall(rig: Rig, context: TestContext): Promise<void> {
  const { kubernetes, release } = rig;
  const records = async () => {
    const all = await kubernetes.list<KubeObject>('experiments,trials', '--namespace', TEAM);
    return all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  };
  const before = await records();
  await release.uninstall();
  assert.deepEqual(await records(), before);
  const left = await waitFor(
    async () => {
      const names = (await release.objects()).sort();
      const more = names.filter((name) => !isLeft(name) && !rig.before.has(name));
      if (more.length > 0) throw new Error(`there is still ${more.join(', ')}`);
      return names;
    },
    { what: 'nothing else is left', timeoutMs: 120_000, maxPauseMs: 1_000 },
  );
  const held = (await kubernetes.list<KubeObject>('experiments,pods', '--namespace', TEAM)).filter(
    ({ metadata }) => metadata.finalizers?.includes('espalier.dev/accounting'),
  );
  assert.deepEqual(held, []);
  rig.mark('uninstalled');
  context.diagnostic(`left: ${before.length} records; ${left.join(', ')}`);
}

/** The claim of the store holds the record; what becomes of a volume is up to its class. */
function isLeft(name: string): boolean {
  return (
    LEFT.includes(name) ||
    name === `PersistentVolumeClaim ${NAMESPACE}/espalier-store` ||
    name.startsWith('PersistentVolume /')
  );
}
