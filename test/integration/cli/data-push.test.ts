import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { RequestFault, SeenRequest } from '../../kit/fault-rules.ts';
import { s3Refusal } from '../../kit/s3-refusal.ts';
import { createGate } from '../../kit/wait.ts';
import { CALL, useStore, whyNoStore } from '../s3/rig.ts';
import { FILES, isPart, PushScene, storeEnvironment } from './push-scene.ts';

const PARTS = 3;

const isComplete = ({ method, path }: SeenRequest) => method === 'POST' && /uploadId=/i.test(path);
const isMark = ({ method, path }: SeenRequest) => method === 'PUT' && /\.sha256(\?|$)/.test(path);

describe('espalier data push', { skip: whyNoStore(), concurrency: 2 }, () => {
  const at = useStore();

  test('F15 a push that is killed goes on with the parts that arrived', async (t) => {
    const scene = await PushScene.make(t, at, 'killed');
    const gate = createGate();
    scene.proxy.addRule({
      match: { where: isPart },
      fault: { kind: 'hold', point: 'before', gate },
      skip: 2,
    });
    const first = scene.start();
    await gate.reached;
    await scene.partsArrived(2);
    first.kill('SIGKILL');
    await first.ended;
    assert.equal(await at.store.head(scene.key, CALL), undefined, 'nothing is there yet');
    scene.proxy.clearRules();
    const sentBefore = scene.arrived;
    const again = await scene.push();
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stderr, new RegExp(`going on: ${sentBefore} of ${PARTS} parts are there`));
    const sentAfter = scene.arrived;
    assert.equal(sentAfter, PARTS, 'no part was sent twice');
    await scene.check();
    const once = await scene.push();
    assert.match(once.stdout, /already there/);
    assert.equal(scene.proxy.requests.filter(isMark).length, 1);
    t.diagnostic(`parts ${PARTS}, sent before ${sentBefore}, in all ${sentAfter}, wrong 0`);
  });

  test('F15 an unfinished upload of other content is removed, and the push starts anew', async (t) => {
    const scene = await PushScene.make(t, at, 'changed');
    const gate = createGate();
    const fault: RequestFault = { kind: 'hold', point: 'before', gate };
    scene.proxy.addRule({ match: { where: isPart }, fault, skip: 2 });
    const first = scene.start();
    await gate.reached;
    await scene.partsArrived(2);
    first.kill('SIGKILL');
    await first.ended;
    scene.proxy.clearRules();
    scene.write('one.bin', randomBytes(FILES['one.bin']));
    const again = await scene.push();
    assert.equal(again.exitCode, 0, again.stderr);
    assert.match(again.stderr, /has other content: removed/);
    await scene.check();
  });

  test('F15 Ctrl-C ends with 130, and --abort leaves nothing behind', async (t) => {
    const scene = await PushScene.make(t, at, 'aborted');
    const gate = createGate();
    const fault: RequestFault = { kind: 'hold', point: 'before', gate };
    scene.proxy.addRule({ match: { where: isPart }, fault, skip: 1 });
    const started = scene.start();
    await gate.reached;
    started.kill('SIGINT');
    const { exitCode, stderr } = await started.ended;
    assert.equal(exitCode, 130);
    assert.match(stderr, /interrupted\n {2}the same command goes on/);
    scene.proxy.clearRules();
    assert.equal((await scene.remote.large.unfinished(scene.key, CALL)).length, 1);
    assert.match((await scene.push('--abort')).stdout, /removed 1 unfinished upload/);
    assert.match((await scene.push('--abort')).stdout, /there is no unfinished upload/);
    assert.deepEqual(await scene.remote.large.unfinished(scene.key, CALL), []);
    assert.equal(await at.store.head(scene.key, CALL), undefined);
  });

  test('F15 whatever happens to a request, the object is whole before its mark', async (t) => {
    const faults: Record<string, [RequestFault, (request: SeenRequest) => boolean]> = {
      'a 200 with an error in it': [s3Refusal(200, 'InternalError'), isComplete],
      'an answer to Complete that is lost': [{ kind: 'cut', point: 'after' }, isComplete],
      'a 503 SlowDown': [s3Refusal(503, 'SlowDown'), isPart],
      'a part that is cut off': [{ kind: 'cut', point: 'before' }, isPart],
      'bytes that change on their way': [
        { kind: 'rewrite', request: (text) => text.replaceAll('a', 'b') },
        isPart,
      ],
    };
    let injected = 0;
    for (const [what, [fault, where]] of Object.entries(faults)) {
      const scene = await PushScene.make(t, at, 'spoiled');
      const key = `${what.replaceAll(' ', '-')}.tar`;
      Object.assign(scene, { key: at.keys.dataSet('team', key) });
      scene.proxy.addRule({ match: { where }, fault, times: 2 });
      const { exitCode, stderr } = await scene.push('--key', key);
      assert.equal(exitCode, 0, `${what}: ${stderr}`);
      await scene.check();
      injected += scene.proxy.requests.filter(({ faults: hit }) => hit.length > 0).length;
    }
    t.diagnostic(`faults ${injected}, objects ${Object.keys(faults).length}, wrong 0`);
  });

  test('G8 a push that dies before its mark is committed by the next one', async (t) => {
    const scene = await PushScene.make(t, at, 'unmarked');
    const gate = createGate();
    const fault: RequestFault = { kind: 'hold', point: 'before', gate };
    scene.proxy.addRule({ match: { where: isMark }, fault });
    const first = scene.start();
    await gate.reached;
    first.kill('SIGKILL');
    await first.ended;
    scene.proxy.clearRules();
    assert.equal(await at.store.head(`${scene.key}.sha256`, CALL), undefined);
    const listed = async () => {
      const words = ['data', 'list', '-n', 'team', '--prefix', at.prefix, '--json'];
      const { stdout } = await scene.sandbox.start(words, storeEnvironment(at, scene.proxy.url))
        .ended;
      const sets: { key: string; committed: boolean }[] = JSON.parse(stdout);
      return sets.find(({ key }) => key === 'unmarked.tar')?.committed;
    };
    assert.equal(await listed(), false);
    const sent = scene.arrived;
    assert.match((await scene.push()).stdout, /it was there, and is committed now/);
    assert.equal(scene.arrived, sent, 'no part is sent again');
    await scene.check();
    assert.equal(await listed(), true);
  });

  test('other content under the same key is refused, unless it is to be replaced', async (t) => {
    const scene = await PushScene.make(t, at, 'other');
    assert.equal((await scene.push()).exitCode, 0);
    scene.write('more.txt', Buffer.from('more\n'));
    const refused = await scene.push();
    assert.equal(refused.exitCode, 7);
    assert.match(refused.stderr, /another data set with other content[\s\S]*--replace/);
    const replaced = await scene.push('--replace', '--json');
    assert.equal(replaced.exitCode, 0, replaced.stderr);
    assert.equal(JSON.parse(replaced.stdout).came, 'upload');
    await scene.check();
  });

  test('F15 two pushes of the same content at once are one data set', async (t) => {
    const scene = await PushScene.make(t, at, 'twice');
    const ran = await Promise.all([scene.push(), scene.push()]);
    for (const { exitCode, stderr } of ran) assert.equal(exitCode, 0, stderr);
    await scene.check();
  });

  test('F15 of two pushes of different content at once one is committed, and the other told', async (t) => {
    const scene = await PushScene.make(t, at, 'against');
    const gate = createGate();
    const fault: RequestFault = { kind: 'hold', point: 'before', gate };
    scene.proxy.addRule({ match: { where: isPart }, fault, skip: 1, times: 2 });
    const first = scene.start();
    await gate.reached;
    const other = await PushScene.make(t, at, 'against');
    const won = await other.push();
    assert.equal(won.exitCode, 0, won.stderr);
    assert.match(won.stderr, /has other content: removed/);
    gate.open();
    const { exitCode, stderr } = await first.ended;
    assert.equal(exitCode, 7, stderr);
    assert.match(stderr, /the upload was removed, or other content was put there/);
    await other.check();
  });

  test('what is wrong is told by its cause: which action on which object, what to set', async (t) => {
    const scene = await PushScene.make(t, at, 'causes', { 'one.txt': 10 });
    const tell = async (words: string[], env: Record<string, string>) => {
      const { exitCode, stderr } = await scene.start(words, env).ended;
      assert.notEqual(exitCode, 0);
      return stderr;
    };
    const nowhere = join(scene.sandbox.dir, 'no-such-file');
    const without = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_CONFIG_FILE: nowhere,
      AWS_SHARED_CREDENTIALS_FILE: nowhere,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    assert.match(await tell([], without), /there are no AWS credentials here: set AWS_PROFILE/);
    assert.match(await tell(['--bucket', 'no-such-bucket'], {}), /create the bucket or correct/);
    assert.match(await tell([], { ESPALIER_S3_BUCKET: '' }), /no bucket is named/);
    assert.match(await tell(['--prefix', '../x'], {}), /not a prefix: \.\.\/x/);
    assert.match(await tell(['--key', '../x.tar'], {}), /not the key of a data set/);
    const wrong = { AWS_SECRET_ACCESS_KEY: 'wrong' };
    assert.match(await tell([], wrong), /the store does not accept this AWS credential/);
    const skewed = s3Refusal(403, 'RequestTimeTooSkewed');
    const offSkewed = scene.proxy.addRule({ match: { methods: ['GET'] }, fault: skewed });
    // Both are asked for again a few times, which takes seconds.
    const [clock, endpoint] = await Promise.all([
      tell([], {}),
      tell(['--endpoint', 'http://127.0.0.1:9'], {}),
    ]);
    assert.match(clock, /the clock of this machine is wrong: set it/);
    assert.match(endpoint, /check the endpoint and that it runs/);
    offSkewed();
    const hidden = s3Refusal(403, 'AccessDenied');
    const offHidden = scene.proxy.addRule({ match: { methods: ['GET'] }, fault: hidden });
    assert.match(
      await tell([], {}),
      /allows s3:GetObject on arn:aws:s3:::.*, and s3:ListBucket on/,
    );
    offHidden();
    const denied = s3Refusal(403, 'AccessDenied');
    const off = scene.proxy.addRule({ match: { methods: ['PUT'] }, fault: denied });
    const text = await tell([], {});
    assert.ok(
      text.includes(`allows s3:PutObject on arn:aws:s3:::${at.options.bucket}/${scene.key}`),
    );
    off();
    const region = s3Refusal(400, 'AuthorizationHeaderMalformed');
    const offRegion = scene.proxy.addRule({ match: { methods: ['PUT'] }, fault: region });
    assert.match(await tell([], {}), /the bucket is in another region/);
    offRegion();
  });
});
