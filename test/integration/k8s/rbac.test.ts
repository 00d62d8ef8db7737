import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { applyCrds } from './objects.ts';

interface Review {
  readonly status: { readonly allowed: boolean };
}

const ROLES = ['view', 'edit', 'admin'] as const;
type Role = (typeof ROLES)[number];

/** Who of the three may do it, in the namespace where the built-in role is bound. */
const CASES: readonly (readonly [verb: string, resource: string, may: readonly Role[]])[] = [
  ['get', 'experiments', ['view', 'edit', 'admin']],
  ['watch', 'trials', ['view', 'edit', 'admin']],
  ['list', 'trainerprofiles', ['view', 'edit', 'admin']],
  ['create', 'experiments', ['edit', 'admin']],
  ['delete', 'experiments', ['edit', 'admin']],
  ['patch', 'experiments/scale', ['edit', 'admin']],
  ['create', 'trainerprofiles', ['admin']],
  ['patch', 'trainerprofiles', ['admin']],
  ['create', 'trials', []],
  ['update', 'trials/status', []],
  ['update', 'experiments/status', []],
];

describe('the rights of people', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'rbac' });

  async function isAllowed(role: Role, verb: string, path: string, namespace = 'default') {
    const [resource, subresource] = path.split('/');
    const review = await cluster.plane.client.create<Review & { metadata: { name: string } }>(
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: `${role}er`,
          resourceAttributes: {
            namespace,
            verb,
            group: 'espalier.dev',
            resource,
            ...(subresource === undefined ? {} : { subresource }),
          },
        },
      },
    );
    return review.status.allowed;
  }

  before(async () => {
    const { plane } = cluster;
    await applyCrds(plane);
    await plane.kubectl(['create', 'namespace', 'espalier-system']);
    await plane.kubectl(['apply', '-f', 'manifests/rbac']);
    for (const role of ROLES) {
      const subject = [`--clusterrole=${role}`, `--user=${role}er`];
      await plane.kubectl(['create', 'rolebinding', role, ...subject]);
      // kube-controller-manager puts our rules into the built-in roles.
      await waitFor(() => isAllowed(role, 'get', 'experiments'), { what: `${role} has our rules` });
    }
    await waitFor(() => isAllowed('admin', 'create', 'trainerprofiles'), { what: 'all has come' });
    await waitFor(() => isAllowed('edit', 'create', 'experiments'), { what: 'all has come' });
  });

  for (const [verb, resource, may] of CASES) {
    const who = may.length === 0 ? 'nobody but the controller' : may.join(', ');
    test(`G13 ${verb} ${resource}: ${who}`, async () => {
      const allowed = await Promise.all(ROLES.map((role) => isAllowed(role, verb, resource)));
      assert.deepEqual(
        ROLES.filter((_role, at) => allowed[at]),
        may,
      );
    });
  }

  test('G13 U17 nobody sees the experiments of a namespace where no role was given', async () => {
    for (const role of ROLES) {
      assert.equal(await isAllowed(role, 'get', 'experiments', 'kube-public'), false);
    }
  });
});
