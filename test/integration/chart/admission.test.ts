import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds, experimentBody, experimentsPath, makeNamespace } from '../k8s/objects.ts';
import { render } from './helm.ts';

const UNINSTALL = 'system:serviceaccount:espalier-system:espalier-uninstall';
const PREFIXES = ['ghcr.io/acme', 'registry.example.org/'];

/** Who creates an Experiment with which image in which namespace, and what the policy says. */
const CASES: Readonly<
  Record<string, readonly [user: string, namespace: string, image: string, refusal?: RegExp]>
> = {
  'who may create pods there may create Experiments': ['maker', 'team-a', 'ghcr.io/acme/t:1'],
  'who may not is refused': ['viewer', 'team-a', 'ghcr.io/acme/t:1', /may not create pods/],
  'who may create pods elsewhere is refused': [
    ...(['maker', 'team-b', 'ghcr.io/acme/t:1'] as const),
    /may not create pods in namespace team-b/,
  ],
  'no image is the default image': ['maker', 'team-a', ''],
  'an image of the second prefix is allowed': [
    'maker',
    'team-a',
    'registry.example.org/x/y@sha256:1',
  ],
  'the prefix itself is an image': ['maker', 'team-a', 'ghcr.io/acme'],
  'a tag may follow a prefix': ['maker', 'team-a', 'ghcr.io/acme:1'],
  'a neighbour of a prefix is refused': [
    ...(['maker', 'team-a', 'ghcr.io/acme-evil/t:1'] as const),
    /must begin with one of ghcr.io\/acme, registry.example.org\//,
  ],
  'another registry is refused': [
    ...(['maker', 'team-a', 'docker.io/ghcr.io/acme/t'] as const),
    /must begin with one of/,
  ],
};

describe('the admission policy', { skip: whyNoTools() }, () => {
  const cluster = useCluster({
    label: 'admission',
    nodes: false,
    users: [{ name: 'maker' }, { name: 'viewer' }],
  });

  /** What kubectl says for a user; '' = done. */
  async function as(user: string, args: readonly string[], object?: object): Promise<string> {
    const input = object === undefined ? undefined : JSON.stringify(object);
    return cluster.plane.kubectl([...args, '--as', user], input).then(
      () => '',
      (error: { stderr: string }) => error.stderr,
    );
  }
  const body = (namespace: string, name: string, image: string) =>
    experimentBody(namespace, name, image === '' ? {} : { trainer: { image } });

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    for (const name of ['team-a', 'team-b']) await makeNamespace(plane.client, name);
    const objects = await render({ admissionPolicy: { imagePrefixes: PREFIXES } });
    const policy = objects.filter(({ apiVersion }) => apiVersion?.startsWith('admission'));
    assert.equal(policy.length, 2);
    await plane.kubectl(
      ['apply', '-f', '-'],
      policy.map((one) => JSON.stringify(one)).join('\n---\n'),
    );
    const experiments = ['--verb=*', '--resource=experiments.espalier.dev'];
    await plane.kubectl(['create', 'clusterrole', 'experimenter', ...experiments]);
    await plane.kubectl(['create', 'clusterrole', 'podmaker', '--verb=create', '--resource=pods']);
    for (const user of ['maker', 'viewer', UNINSTALL]) {
      const binding = ['--clusterrole=experimenter', `--user=${user}`];
      const name = user.replaceAll(':', '-');
      await plane.kubectl(['create', 'clusterrolebinding', name, ...binding]);
    }
    const maker = ['--clusterrole=podmaker', '--user=maker', '-n', 'team-a'];
    await plane.kubectl(['create', 'rolebinding', 'maker', ...maker]);
    await waitFor(
      async () => {
        const dry = ['create', '--dry-run=server', '-f', '-'];
        const answer = await as('viewer', dry, body('team-a', 'probe', 'ghcr.io/acme/t'));
        return answer.includes('may not create pods');
      },
      { what: 'the policy is in force' },
    );
  });

  for (const [name, [user, namespace, image, refusal]] of Object.entries(CASES)) {
    test(`G13 ${name}`, async () => {
      const dry = ['create', '--dry-run=server', '-f', '-'];
      const answer = await as(user, dry, body(namespace, 'e', image));
      if (refusal === undefined) assert.equal(answer, '');
      else assert.match(answer, refusal);
    });
  }

  test('G13 an update needs the right as well, if it changes what runs', async () => {
    const { client } = cluster.plane;
    await client.create(experimentsPath('team-a'), body('team-a', 'there', 'ghcr.io/acme/t:1'));
    const target = ['-n', 'team-a', 'experiment/there'];
    const patch = (change: object) => [
      'patch',
      ...target,
      '--type=merge',
      '-p',
      JSON.stringify(change),
    ];
    const more = { spec: { trials: { max: 50 } } };
    assert.match(await as('viewer', patch(more)), /may not create pods/);
    assert.equal(await as('viewer', patch({ metadata: { labels: { a: 'b' } } })), '');
    assert.equal(await as('viewer', patch({ metadata: { finalizers: [] } })), '');
    assert.equal(await as('maker', patch(more)), '');
    assert.equal(await as(UNINSTALL, patch({ spec: { desiredState: 'Cancel' } })), '');
  });
});
