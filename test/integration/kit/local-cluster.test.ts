import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { runningCluster, stopCluster } from '../../kit/cluster-record.ts';
import { startTimeOf } from '../../kit/own-process.ts';
import { makeStateFolder } from '../../kit/state-folder.ts';
import { whyNoTools } from '../../kit/tools.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');

test('cluster-up goes on after its command, and cluster-down leaves nothing', {
  skip: whyNoTools(),
}, async () => {
  const home = join(mkdtempSync(join(tmpdir(), 'espalier-home-')), 'cluster');
  const program = `
    import { startLocalCluster } from ${JSON.stringify(join(import.meta.dirname, '../../kit/local-cluster.ts'))};
    await startLocalCluster(${JSON.stringify(home)}, ${JSON.stringify(root)});`;
  await run(process.execPath, [
    '--conditions=@espalier/source',
    '--input-type=module',
    '--eval',
    program,
  ]);
  try {
    makeStateFolder('sweeps').remove(); // what runs is not swept
    const cluster = runningCluster(home);
    assert.ok(cluster);
    const args = ['--kubeconfig', cluster.kubeconfig, 'get', 'nodes', '--no-headers'];
    const { stdout } = await run(cluster.kubectl, args, { env: { HOME: join(home, '..') } });
    assert.equal(stdout.match(/ Ready /g)?.length, 4);

    await stopCluster(home);
    assert.deepEqual(
      cluster.processes.filter(({ pid }) => startTimeOf(pid) !== undefined),
      [],
    );
    assert.deepEqual(cluster.folders.filter(existsSync), []);
    assert.equal(existsSync(home), false);
  } finally {
    await stopCluster(home);
    rmSync(join(home, '..'), { recursive: true, force: true });
  }
});
