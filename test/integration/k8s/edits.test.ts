import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Experiment } from '@espalier/api';
import fc from 'fast-check';
import { type FaultProxy, startKubeProxy } from '../../kit/fault-proxy.ts';
import { useCluster } from '../../kit/suite.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  anyLast,
  anyMoments,
  EditLog,
  excess,
  illegal,
  type Last,
  type Moment,
} from './edits-kit.ts';
import {
  applyCrds,
  createExperiment,
  experimentEnded,
  experimentsPath,
  lastWords,
  makeNamespace,
  podsIn,
  scriptPods,
  trialsIn,
} from './objects.ts';
import { type PodWitness, watchPods } from './pod-witness.ts';
import { type Program, startProgram, tokenAccess } from './program.ts';

const RUNS = process.env['ESPALIER_TEST_ALL'] === '1' ? 250 : 20;
/** No write for so long: the controller waits, and the edit comes now. */
const QUIET_MS = 300;

describe('an Experiment that is edited while it runs', { skip: whyNoTools() }, () => {
  const cluster = useCluster({ label: 'edits' });
  let proxy: FaultProxy;
  let program: Program;
  let runs = 0;

  before(async () => {
    await applyCrds(cluster.plane);
    proxy = await startKubeProxy(cluster.plane, {
      rules: [
        scriptPods((pod) => {
          const index = Number(/-(\d{5})-/.exec(pod)?.[1]);
          const isFirst = pod.endsWith('-a0');
          if (isFirst && index % 4 === 1) return { exitCode: 1, runFor: '50ms' };
          if (isFirst && index % 4 === 2) return { ending: 'evict', runFor: '100ms' };
          return { message: lastWords(index / 10), runFor: '150ms', terminateExitCode: 10 };
        }),
      ],
    });
    program = startProgram(tokenAccess(cluster.plane, proxy.url));
    await program.controller.ready;
  });
  after(async () => {
    await program?.stop();
    await proxy?.close();
  });

  test('F21 G2 G4 G14 any edits at any moment: it comes to a legal end with no pod too many', async (context) => {
    const total = { accepted: 0, rejected: 0, pods: 0, excess: 0, twice: 0 };
    await fc.assert(
      fc.asyncProperty(anyMoments, anyLast, async (moments, last) => {
        const { edits, witness, tooMany } = await play(moments, last as Last);
        total.accepted += edits.accepted;
        total.rejected += edits.rejected;
        total.pods += witness.created.length;
        assert.deepEqual(tooMany, []);
        assert.deepEqual(witness.twice(), []);
        assert.deepEqual(witness.overlaps, []);
      }),
      // Each try takes seconds, and the sequence that fails is short as it is.
      { numRuns: RUNS, endOnFailure: true },
    );
    context.diagnostic(
      `${RUNS} Experiments, ${total.accepted} edits accepted, ${total.rejected} rejected, ` +
        `${total.pods} pods; too many 0, twice 0`,
    );
    const errors = program.log.lines.filter(({ level }) => level === 'error');
    assert.deepEqual(errors, []);
  });

  async function play(
    moments: readonly Moment[],
    last: Last,
  ): Promise<{
    readonly edits: EditLog;
    readonly witness: PodWitness;
    readonly tooMany: readonly string[];
  }> {
    const { client } = cluster.plane;
    const namespace = `e${runs++}`;
    const path = experimentsPath(namespace, 'e');
    await makeNamespace(client, namespace);
    const witness = watchPods(client, namespace);
    const from = proxy.writes.length;
    try {
      const made = await createExperiment(client, namespace, 'e', {
        trials: { max: 4, parallel: 2 },
      });
      const edits = new EditLog(client, namespace, 'e', made as unknown as Experiment);
      for (const { edit, afterWrites } of moments) {
        await atWrite(namespace, afterWrites, () => edits.apply(edit));
      }
      if (last === 'delete') await client.remove(path);
      else if (last !== 'Run' || edits.desired === 'Pause') {
        const isLate = edits.desired === 'Stop' || edits.desired === 'Cancel';
        if (!isLate || last === 'Cancel') await edits.apply({ kind: 'desired', to: last });
      }
      if (last !== 'delete') {
        const ended = await experimentEnded(client, namespace, 'e', 30_000);
        assert.deepEqual(illegal(ended, await trialsIn(client, namespace), edits), []);
        await client.remove(path);
      }
      await waitFor(
        async () =>
          (await client.request('GET', path)).status === 404 &&
          (await trialsIn(client, namespace)).length === 0 &&
          (await podsIn(client, namespace)).items.length === 0,
        { what: `nothing is left in ${namespace}` },
      );
      const writes = proxy.writes
        .slice(from)
        .filter((write) => write.path.includes(`/namespaces/${namespace}/`));
      return { edits, witness, tooMany: excess(writes, witness, edits) };
    } finally {
      await witness.close();
    }
  }

  /** Does it while that write of the controller is on its way, or once there are no more. */
  async function atWrite(
    namespace: string,
    skip: number,
    work: () => Promise<void>,
  ): Promise<void> {
    let done: Promise<void> | undefined;
    let seenAt = performance.now();
    const lift = proxy.addRule({
      match: {
        write: true,
        where: ({ path }) => {
          const isOurs = path.includes(`/namespaces/${namespace}/`) && !path.includes('/events');
          if (isOurs) seenAt = performance.now();
          return isOurs;
        },
      },
      fault: {
        kind: 'act',
        point: 'before',
        run: async () => {
          done = work();
          await done.catch(() => {});
        },
      },
      skip,
      times: 1,
    });
    await waitFor(() => done !== undefined || performance.now() - seenAt > QUIET_MS, {
      what: 'the moment has come',
    });
    lift();
    await (done ?? work());
  }
});
