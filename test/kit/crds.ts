import type { ApiClient } from './api-client.ts';
import type { KubeObject } from './kube-types.ts';
import { waitFor } from './wait.ts';

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

interface Definition extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[] | null;
  };
}

/**
 * Waits until the API server serves every kind that was defined so far. Not by `kubectl wait`, which fails on a
 * definition that has no conditions yet.
 */
export async function untilCrdsServed(client: ApiClient): Promise<void> {
  await waitFor(
    async () => {
      const { items } = await client.list<Definition>(PATH);
      const isServed = ({ status }: Definition) =>
        status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True');
      return items.length > 0 && items.every(isServed);
    },
    { what: 'the defined kinds are served' },
  );
}
