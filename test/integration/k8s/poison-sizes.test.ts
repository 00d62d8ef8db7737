import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS } from '@espalier/api';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  createExperiment,
  experimentBody,
  experimentEnded,
  experimentsPath,
  lastWords,
  podsIn,
  trialsIn,
} from './objects.ts';
import { placeOf, useRig } from './pods-rig.ts';

type Spec = Parameters<typeof createExperiment>[3];
const LONG = 'x'.repeat(254);

/** As many string parameters as a spec may have, each with as many values as it may have. */
function widest(character: string, length: number = LIMITS.stringValue): Spec {
  const parameters = Array.from({ length: LIMITS.parameters }, (_, p) => ({
    name: `p${p}`,
    string: {
      values: Array.from({ length: LIMITS.choices }, (_v, v) =>
        `${p}-${v}-`.padEnd(length, character),
      ),
    },
  }));
  return { parameters, trials: { max: 2 } };
}

const REFUSED: Record<string, { name?: string; spec?: Spec; meta?: object; want: RegExp }> = {
  'a name one too long': { name: 'e'.repeat(41), want: /metadata.name must be at most 40/ },
  'a name over 63': { name: 'e'.repeat(64), want: /metadata.name must be at most 40/ },
  'a name over 253': { name: LONG, want: /no more than 253/ },
  'a name in another script': { name: 'эксперимент', want: /RFC 1123/ },
  'a queue name that is no label': {
    spec: { queueName: 'q'.repeat(64) },
    want: /spec.queueName: Too long/,
  },
  'a parameter name over 63': {
    spec: { parameters: [{ name: 'p'.repeat(64), int: { value: 1 } }] },
    want: /spec.parameters\[0\].name: Too long/,
  },
  'a metric name over 63': {
    spec: { objective: { metric: 'm'.repeat(64), goal: 'maximize' } },
    want: /spec.objective.metric: Too long/,
  },
  'a string value over 256': {
    spec: { parameters: [{ name: 'p', string: { value: 'v'.repeat(257) } }] },
    want: /spec.parameters\[0\].string.value: Too long/,
  },
  'more parameters than 64': {
    spec: {
      parameters: Array.from({ length: 65 }, (_, i) => ({ name: `p${i}`, int: { value: 1 } })),
    },
    want: /spec.parameters: Too many/,
  },
  'a label value over 63': {
    meta: { labels: { team: 't'.repeat(64) } },
    want: /metadata.labels: .*must be no more than 63/,
  },
  'annotations over 256 KiB': {
    meta: { annotations: { note: 'n'.repeat(263_000) } },
    want: /metadata.annotations: Too long/,
  },
  'more than etcd takes': { spec: widest('🌲'), want: /too large|limit/i },
};

/** Whatever a person may type into a value; each must reach the trainer byte for byte. */
const HOSTILE = [
  `quotes ' " \` and \\ backslash`,
  'a\nnew line, a\ttab, a\r return',
  '$(rm -rf /) $HOME $$ $(POD_NAME)',
  '; exit 1 #',
  'grüße 日本語 🌲 \u202eright to left',
  '\u0000 and \u0007',
  '{"json": [true]}',
  '',
];

describe('sizes, names and characters', { skip: whyNoTools(), concurrency: true }, () => {
  const rig = useRig({ label: 'sizes' });

  for (const [position, [what, { name = 'bad', spec, meta, want }]] of Object.entries(
    REFUSED,
  ).entries()) {
    test(`F23 refused at admission, in words that name it: ${what}`, async (context) => {
      const namespace = `refused-${position}`;
      await rig.namespace(namespace, () => ({}));
      const body = experimentBody(namespace, name, spec);
      const metadata = { name, namespace, ...meta };
      const { status, text } = await rig.client.request('POST', experimentsPath(namespace), {
        body: { ...body, metadata },
      });
      const { message } = JSON.parse(text) as { message: string };
      assert.ok(status >= 400, `${status} ${message}`);
      assert.match(message, want);
      context.diagnostic(`${status} ${message.slice(0, 200)}`);
    });
  }

  test('F23 G11 the largest spec that is accepted runs, and its status stays small', async (context) => {
    const { client } = rig;
    await rig.namespace('large', (pod) => ({ message: lastWords(placeOf(pod).index / 10) }));
    const body = experimentBody('large', 'e', widest('v'));
    const bytes = Buffer.byteLength(JSON.stringify(body));
    await client.create(experimentsPath('large'), body);
    const ended = await experimentEnded(client, 'large', 'e');
    assert.equal(ended.status?.phase, 'Succeeded');
    const statusBytes = Buffer.byteLength(JSON.stringify(ended.status));
    context.diagnostic(`${bytes} bytes of spec, ${statusBytes} bytes of status`);
    assert.ok(bytes > 1_000_000 && statusBytes < 64 << 10);
  });

  test('F23 K13 the longest name gives names and labels that fit', async () => {
    const { client } = rig;
    const namespace = 'n'.repeat(63);
    const name = 'e'.repeat(LIMITS.experimentName);
    await rig.namespace(namespace, (pod) =>
      placeOf(pod).attempt === 0 ? { exitCode: 1 } : { message: lastWords(0.5) },
    );
    await createExperiment(client, namespace, name, { trials: { max: 1 } });
    const { status } = await experimentEnded(client, namespace, name);
    assert.equal(status?.phase, 'Succeeded');
    assert.equal((await trialsIn(client, namespace))[0]?.status?.attempts.length, 2);
  });

  test('F23 K10 any text reaches the trainer byte for byte', async (context) => {
    const { client } = rig;
    await rig.namespace('text', () => ({ runFor: 'never' }));
    await createExperiment(client, 'text', 'e', {
      parameters: [{ name: 'text', string: { values: HOSTILE } }],
      search: { algorithm: 'grid' },
      trials: { max: HOSTILE.length, parallel: HOSTILE.length },
      trainer: { command: ['train', ...HOSTILE.filter((text) => !text.includes('\u0000'))] },
    });
    const pods = await waitFor(
      async () => {
        const { items } = await podsIn(client, 'text');
        return items.length === HOSTILE.length && items;
      },
      { what: 'all pods are there' },
    );
    const seen = pods.map(({ spec }) => {
      const [container] =
        (spec as { containers?: { env: { name: string; value: string }[] }[] }).containers ?? [];
      const task = container?.env.find(({ name }) => name === 'ESPALIER_TRIAL')?.value ?? '';
      const { parameters } = JSON.parse(task.replaceAll('$$', '$')) as {
        parameters: { string: string }[];
      };
      return parameters[0]?.string;
    });
    assert.deepEqual(seen.toSorted(), HOSTILE.toSorted());
    context.diagnostic(`${seen.length} texts, 0 changed`);
  });
});
