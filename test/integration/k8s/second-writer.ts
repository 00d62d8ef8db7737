import type { Experiment, Trial } from '@espalier/api';
import type { ApiClient } from '../../kit/api-client.ts';
import type { FaultRule, SeenRequest } from '../../kit/fault-rules.ts';
import { experimentsPath, trialsIn } from './objects.ts';

/** Edits objects just before the controller writes their status, so that its write is too late. */
export interface SecondWriter {
  readonly rule: FaultRule;
  /** Edits that the API server accepted. */
  readonly edits: number;
  /** Edits of an Experiment and its Trials that are not there any more. */
  lost(namespace: string, experiment: string): Promise<string[]>;
}

const LABEL = 'other.example/edit-';

/** Spoils `spoiled` of every `spoiled + 1` status writes of each object. */
export function createSecondWriter(client: ApiClient, spoiled: number): SecondWriter {
  const tries = new Map<string, number>();
  const labels = new Map<string, string[]>();
  const stalls = new Map<string, string>();
  let edits = 0;

  const edit = async ({ path }: SeenRequest): Promise<void> => {
    edits += 1;
    const object = path.replace(/\/status.*$/, '');
    const label = `${LABEL}${edits}`;
    const isExperiment = object.includes('/experiments/');
    const stall = `${60 + edits}m`;
    await client.patch(object, 'merge-patch', {
      metadata: { labels: { [label]: 'true' } },
      ...(isExperiment ? { spec: { deadlines: { stall } } } : {}),
    });
    labels.set(object, [...(labels.get(object) ?? []), label]);
    if (isExperiment) stalls.set(object, stall);
    // Before the first status there is no phase, and the API server refuses one without.
    await client.request('PATCH', `${object}/status`, {
      contentType: 'application/merge-patch+json',
      body: { status: { message: `edit ${edits} of another` } },
    });
  };

  return {
    rule: {
      name: 'second-writer',
      match: {
        methods: ['PUT'],
        path: /\/status/,
        where: ({ path }) => {
          const count = (tries.get(path) ?? 0) + 1;
          tries.set(path, count);
          return count % (spoiled + 1) !== 0;
        },
      },
      fault: { kind: 'act', point: 'before', run: edit },
    },
    get edits() {
      return edits;
    },
    lost: async (namespace, experiment) => {
      const found = (await client.get(experimentsPath(namespace, experiment))) as unknown as
        | Experiment
        | Trial;
      const objects = [found, ...(await trialsIn(client, namespace))];
      const missing: string[] = [];
      for (const [path, wanted] of labels) {
        const name = path.split('/').at(-1) ?? '';
        const object = objects.find(({ metadata }) => metadata.name === name);
        if (object === undefined) continue;
        for (const label of wanted) {
          if (object.metadata.labels?.[label] !== 'true') missing.push(`${name} ${label}`);
        }
      }
      const stall = stalls.get(experimentsPath(namespace, experiment));
      const { deadlines } = (found as Experiment).spec;
      if (stall !== undefined && deadlines.stall !== stall) missing.push(`stall ${stall}`);
      return missing;
    },
  };
}
