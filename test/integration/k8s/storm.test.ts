import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { KubernetesOptions } from '../../../controller/src/kubernetes.ts';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import type { FaultRule, SeenRequest } from '../../kit/fault-rules.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import type { EndState } from './end-state.ts';
import { SUBJECT_SCRIPT, startSubject } from './fault-subject.ts';
import { applyCrds } from './objects.ts';
import { startProgram, tokenAccess } from './program.ts';
import { createSecondWriter } from './second-writer.ts';

const TEST_ALL = process.env['ESPALIER_TEST_ALL'] === '1';

interface RunOptions extends Partial<KubernetesOptions> {
  readonly rules?: readonly FaultRule[];
  readonly seed?: number;
  readonly onEnded?: (namespace: string) => Promise<void>;
}

interface Run {
  readonly state: EndState;
  readonly proxy: FaultProxy;
}

describe('a controller whose requests fail', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'storm' });
  let runs = 0;
  let reference: Run;
  const proxies: FaultProxy[] = [];

  before(async () => {
    await applyCrds(cluster.plane);
    reference = await run();
  });
  after(() => Promise.all(proxies.map((proxy) => proxy.close())));

  /** Runs the subject to its end under these rules, and checks what must hold on the way. */
  async function run({ rules = [], seed = 1, onEnded, ...options }: RunOptions = {}): Promise<Run> {
    const { plane, kwok } = cluster;
    const namespace = `s${runs++}`;
    const proxy = await startKubeProxy(plane, { rules: [SUBJECT_SCRIPT, ...rules], seed });
    proxies.push(proxy);
    const subject = await startSubject({
      client: plane.client,
      kwok,
      namespace,
      ...(onEnded === undefined ? {} : { onEnded: () => onEnded(namespace) }),
    });
    const program = startProgram(tokenAccess(plane, proxy.url), {
      namespaces: [namespace],
      ...options,
    });
    try {
      await subject.done;
      assert.deepEqual(subject.faults(), []);
      return { state: await subject.ended, proxy };
    } finally {
      await program.stop();
      await subject.close();
    }
  }

  for (const seed of TEST_ALL ? [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] : [1, 2]) {
    test(`F2 G1 G2 every third answer to a write is lost, seed ${seed}: the end is the same`, async (context) => {
      const { state, proxy } = await run({
        rules: [{ match: { write: true }, fault: { kind: 'cut', point: 'after' }, chance: 1 / 3 }],
        seed,
      });
      const lost = proxy.writes.filter(({ faults }) => faults.includes('cut')).length;
      context.diagnostic(`${proxy.writes.length} writes, ${lost} answers lost`);
      context.diagnostic('duplicates 0, lost 0');
      assert.ok(lost > 10);
      assert.deepEqual(state, reference.state);
    });
  }

  test('F3 another writer is faster at two of three tries: nobody loses an update, a conflict costs two requests', async (context) => {
    const other = createSecondWriter(cluster.plane.client, TEST_ALL ? 4 : 2);
    const lost: string[] = [];
    const { state, proxy } = await run({
      rules: [other.rule],
      onEnded: async (namespace) => {
        lost.push(...(await other.lost(namespace, 'sweep')));
      },
    });
    const refused = proxy.writes.filter(({ serverStatus }) => serverStatus === 409).length;
    const reads = proxy.requests.filter(isObjectRead).length;
    const without = reference.proxy.writes.length;
    context.diagnostic(
      `${proxy.writes.length} writes (${without} without), ${refused} conflicts, ${reads} reads`,
    );
    context.diagnostic(`${other.edits} edits by the other, lost ${lost.length}`);
    assert.deepEqual(lost, []);
    assert.ok(refused > 10);
    assert.deepEqual(withoutStall(state), withoutStall(reference.state));
    // A conflict costs the refused write and one quorum read; the edits cost some looks more.
    assert.ok(reads <= refused, `${reads} reads`);
    assert.ok(proxy.writes.length <= without * 1.5 + refused, `${proxy.writes.length} writes`);
  });

  test('F4 G2 refusals with and without Retry-After, slow answers and half-open connections are only delays', async (context) => {
    const { state, proxy } = await run({
      rules: [
        answer(429, { retryAfterSeconds: 1, chance: 0.04 }),
        answer(503, { retryAfterSeconds: 1, chance: 0.04 }),
        answer(500, { chance: 0.1 }),
        answer(503, { chance: 0.1 }),
        { match: OURS, fault: { kind: 'delay', point: 'after', ms: 700 }, chance: 0.05 },
        { match: OURS, fault: { kind: 'silence', point: 'before' }, chance: 0.04 },
        { match: OURS, fault: { kind: 'silence', point: 'after' }, chance: 0.04 },
      ],
      requestTimeoutMs: 1_000,
    });
    assert.deepEqual(state, reference.state);
    const spoiled = proxy.requests.filter(({ faults }) => faults.some(isFailure)).length;
    const [all, without] = [proxy, reference.proxy].map(({ requests }) => requests.length) as [
      number,
      number,
    ];
    context.diagnostic(`${all} requests (${without} without faults), ${spoiled} failed`);
    assert.ok(spoiled > 10);
    // A failure costs the same request again and at most one look.
    assert.ok(all <= without + 3 * spoiled, `${all} requests`);
  });

  test('F4 G5 while the API server refuses everything nobody hammers it, and then all goes on', async (context) => {
    const outageMs = TEST_ALL ? 20_000 : 3_000;
    let began: number | undefined;
    const outage = (request: SeenRequest): boolean => {
      if (request.path.includes('/trials/sweep-00001/status')) began ??= request.atMs;
      return began !== undefined && request.atMs < began + outageMs;
    };
    const { state, proxy } = await run({
      rules: [{ name: 'outage', match: { where: outage }, fault: { kind: 'answer', status: 503 } }],
    });
    assert.deepEqual(state, reference.state);
    const counts = new Map<string, number>();
    for (const { method, path, faults } of proxy.requests) {
      if (!faults.includes('outage')) continue;
      const key = `${method} ${path.split('?')[0]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    context.diagnostic(
      `${outageMs} ms: ${[...counts.values()].reduce((a, b) => a + b)} requests refused, ` +
        `at most ${most} of the same kind`,
    );
    // 50 ms, doubling: the n-th try comes after 50 * (2^(n-1) - 1) ms at the earliest.
    const tries = Math.ceil(Math.log2(outageMs / 50 + 1)) + 1;
    assert.ok(most <= 2 * tries, JSON.stringify([...counts]));
  });
});

/** Everything but lists and watches, which have a patience of their own. */
const OURS = { where: (request: SeenRequest) => !isList(request) };

function isList({ method, path }: SeenRequest): boolean {
  return method === 'GET' && !isObjectRead({ method, path });
}

function answer(
  status: number,
  { chance, retryAfterSeconds }: { chance: number; retryAfterSeconds?: number },
): FaultRule {
  const patience = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { match: {}, fault: { kind: 'answer', status, ...patience }, chance };
}

const FAILURES: ReadonlySet<string> = new Set(['answer', 'silence']);

function isFailure(fault: string): boolean {
  return FAILURES.has(fault);
}

/** A read of one object: a list and a watch end with the resource's name. */
function isObjectRead({ method, path }: Pick<SeenRequest, 'method' | 'path'>): boolean {
  return method === 'GET' && /\/namespaces\/[^/]+\/[^/]+\/[^/?]+/.test(path);
}

/** The other writer edits that deadline. */
function withoutStall(state: EndState): unknown {
  const { spec } = state.experiment;
  const deadlines = { ...spec.deadlines, stall: undefined };
  return { ...state, experiment: { ...state.experiment, spec: { ...spec, deadlines } } };
}
