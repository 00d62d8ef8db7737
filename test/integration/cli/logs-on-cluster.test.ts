import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { experimentEnded, makeNamespace } from '../k8s/objects.ts';
import { REPORT, UNTIL_GO, useProcessRig } from '../k8s/process-rig.ts';
import { Sandbox } from './sandbox.ts';

const NAMESPACE = 'team';

/** The first attempt fails, the second reports. */
const SCRIPT = `
case "$ESPALIER_TRIAL" in
  *'"attempt":0'*) echo first; ${UNTIL_GO}; echo 'no such column: y' >&2; exit 1 ;;
esac
echo second
${UNTIL_GO}
echo done
${REPORT}`;

describe('espalier logs of pods that run', { skip: whyNoTools() }, () => {
  const rig = useProcessRig('cli-logs');
  before(() => makeNamespace(rig.client, NAMESPACE));

  test('U logs -f shows what pods print, from attempt to attempt, until the end', async (t) => {
    await rig.run(NAMESPACE, SCRIPT, { attempts: { maxRetries: 1 } });
    const sandbox = new Sandbox(t);
    const kubeconfig = rig.plane.writeKubeconfig('reader', rig.plane.token('admin'));
    const words = ['--kubeconfig', kubeconfig, '-n', NAMESPACE];
    const all = sandbox.start(['logs', 'e', '-f', ...words], {});
    const one = sandbox.start(['logs', 'e-00000', '-f', ...words], {});
    const shown = (text: string) =>
      waitFor(() => all.stdout.includes(text) && one.stdout.includes(text), {
        what: `both show ${text}`,
        timeoutMs: 60_000,
      });
    await shown('first');
    const live = await sandbox.start(['logs', 'e-00000', ...words], {}).ended;
    assert.equal(live.stdout, 'first\n', live.stderr);
    rig.go(NAMESPACE, 'e-00000-a0');
    await shown('second');
    rig.go(NAMESPACE, 'e-00000-a1');
    await experimentEnded(rig.client, NAMESPACE, 'e');
    const [of, ofOne] = await Promise.all([all.ended, one.ended]);
    assert.equal(of.exitCode, 0, of.stderr);
    assert.equal(ofOne.exitCode, 0, ofOne.stderr);
    // What a process prints while nobody looks may go with its pod: there is no store here.
    const lines = ofOne.stdout
      .split('\n')
      .filter((line) => !/^no such column|^done$|^$/.test(line));
    assert.deepEqual(lines, ['first', 'second']);
    assert.match(ofOne.stderr, /^--- attempt 1 of e-00000 ---$/m);
    assert.match(
      of.stdout,
      /^\[00000\] first\n(?:\[00000\] no such column: y\n)?\[00000\] second\n/,
    );
    t.diagnostic(`${ofOne.stdout.split('\n').length - 1} lines`);
  });
});
