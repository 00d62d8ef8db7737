import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestFault, SeenRequest } from '../../kit/fault-rules.ts';
import { s3Refusal } from '../../kit/s3-refusal.ts';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { trialsIn } from '../k8s/objects.ts';
import { experimentIn } from './quick-experiment.ts';
import { isWholeInStore } from './record.ts';
import { type StreamsRig, useStreams } from './rig.ts';
import { applyAtOnce, assertWhole, EPOCHS } from './undisturbed.ts';

/** What a store or a network may do to any request. */
const FAULTS: Readonly<Record<string, RequestFault>> = {
  '500': s3Refusal(500, 'InternalError'),
  '503 SlowDown': s3Refusal(503, 'SlowDown'),
  'never arrives': { kind: 'cut', point: 'before' },
  'lost answer': { kind: 'cut', point: 'after' },
  'cut body': { kind: 'truncate', afterBytes: 20 },
  slow: { kind: 'slow', bytesPerSecond: 2_000 },
  late: { kind: 'delay', point: 'after', ms: 400 },
};
/** What it may do to uploads besides. */
const UPLOAD_FAULTS: Readonly<Record<string, RequestFault>> = {
  '409 ConditionalRequestConflict': s3Refusal(409, 'ConditionalRequestConflict'),
  '403 expired': s3Refusal(403, 'AccessDenied'),
  '403 RequestTimeTooSkewed': s3Refusal(403, 'RequestTimeTooSkewed'),
  '400 BadDigest': s3Refusal(400, 'BadDigest'),
  'changed on its way': { kind: 'rewrite', request: (text) => text.replaceAll('1', '7') },
};

/** Looks again and again whether what status names as best is whole in the store (G8). */
function watchBest(context: TestContext, rig: StreamsRig, namespace: string) {
  const seen = new Set<string>();
  const broken: string[] = [];
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      const { checkpoint } = (await experimentIn(rig, namespace)).status?.best ?? {};
      if (checkpoint !== undefined && !seen.has(checkpoint.uri)) {
        seen.add(checkpoint.uri);
        if (!(await isWholeInStore(rig, checkpoint))) broken.push(checkpoint.uri);
      }
      await sleep(50);
    }
  };
  const watching = watch();
  const end = async () => {
    isOver = true;
    await watching;
    return { seen: seen.size, broken };
  };
  context.after(end);
  return end;
}

const OPTIONS = { skip: whyNoTools(), timeout: 600_000, concurrency: true };

describe('S3 faults from trainer to record', OPTIONS, () => {
  const rig = useStreams({ label: 's3-faults', textFiles: true });

  test('F15 G8 every second upload and many other requests fail, and all files arrive whole', async (t) => {
    const untouched = {
      path: /f15-mixed/,
      where: ({ faults }: SeenRequest) => faults.length === 0,
    };
    for (const [name, fault] of Object.entries(FAULTS)) {
      rig.s3Proxy.addRule({ name, match: untouched, fault, chance: 0.03 });
    }
    for (const [name, fault] of Object.entries(UPLOAD_FAULTS)) {
      rig.s3Proxy.addRule({ name, match: { ...untouched, methods: ['PUT'] }, fault, chance: 0.08 });
    }
    await applyAtOnce(rig, 'f15-mixed');
    const end = watchBest(t, rig, 'f15-mixed');
    await assertWhole(t, rig, 'f15-mixed');
    const { seen, broken } = await end();
    const requests = rig.s3Proxy.requests.filter(({ path }) => /f15-mixed/.test(path));
    const hit = requests.filter(({ faults }) => faults.length > 0);
    const kinds = new Set(hit.flatMap(({ faults }) => faults));
    t.diagnostic(`${requests.length} requests, ${hit.length} spoiled in ${kinds.size} ways`);
    t.diagnostic(`best named ${seen} checkpoints, of which missing or other ${broken.length}`);
    assert.ok(hit.length >= 10);
    assert.deepEqual(broken, []);
  });

  test('F15 G5 no bucket for a while: trainers train on, and upload when it is there', async (t) => {
    const bucketIsBack = rig.s3Proxy.addRule({
      match: { path: /f15-bucket/ },
      fault: s3Refusal(404, 'NoSuchBucket'),
    });
    await applyAtOnce(rig, 'f15-bucket');
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'f15-bucket')).some(
          ({ status }) => (status?.observation?.lastEpoch ?? 0) >= EPOCHS,
        ),
      { what: 'a trainer has trained to the end' },
    );
    const { status } = await experimentIn(rig, 'f15-bucket');
    assert.equal(status?.best?.checkpoint, undefined, 'nothing is named that is not there');
    bucketIsBack();
    await assertWhole(t, rig, 'f15-bucket');
  });

  test('F15 the store hangs in the middle, all its connections break, and it goes on', async (t) => {
    await applyAtOnce(rig, 'f15-down');
    const uploads = () => rig.s3Proxy.writes.filter(({ path }) => /f15-down/.test(path));
    await waitFor(() => uploads().length > 5, { what: 'files are uploaded' });
    rig.s3.process.pause();
    rig.s3Proxy.cutAll();
    await waitFor(
      async () =>
        (await trialsIn(rig.client, 'f15-down')).every(
          ({ status }) => (status?.observation?.lastEpoch ?? 0) >= EPOCHS,
        ),
      { what: 'all have trained to the end' },
    );
    rig.s3.process.resume();
    await assertWhole(t, rig, 'f15-down');
  });
});
