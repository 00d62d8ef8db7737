import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import type { KubeObject } from '../../kit/kube-types.ts';
import { toolPaths, whyNoTools } from '../../kit/tools.ts';
import { waitFor } from '../../kit/wait.ts';
import { createExperiment, lastWords, makeNamespace, podsIn } from '../k8s/objects.ts';
import {
  asRun,
  commandsOf,
  type Document,
  ROOT,
  type Stage,
  setsOf,
  stageOf,
  staleExceptions,
  whyNotRun,
} from './documented.ts';
import { NAMESPACE, template } from './helm.ts';
import { apply, HERE, useChartRig } from './installed.ts';

const DOCUMENTS: readonly Document[] = ['README.md', 'docs/install.md', 'docs/operations.md'];
const run = promisify(execFile);

describe('the helm commands of the documents', { skip: whyNoTools() }, () => {
  const commands = DOCUMENTS.flatMap(commandsOf);

  for (const command of commands.filter((line) => /^helm (install|upgrade) /.test(line))) {
    test(`renders: ${command.slice(0, 120)}`, async () => {
      const { code, stderr } = await template({}, setsOf(command));
      assert.equal(code, 0, stderr);
    });
  }

  test('every folder and file that a command names is there', () => {
    const paths = commands.flatMap((line) => [...line.matchAll(/\b(manifests\/[\w./-]+)/g)]);
    for (const [, path = ''] of paths) assert.ok(existsSync(join(ROOT, path)), path);
    assert.ok(paths.length >= 5, `${paths.length}`);
  });

  test('every exception is one that is needed', () => {
    assert.deepEqual(staleExceptions(commands), []);
  });
});

describe('the other commands of the documents', { skip: whyNoTools() }, () => {
  const rig = useChartRig('docs');
  /** Where commands run: the checkout's folders by their names, and what they write. */
  let folder = '';
  let env: NodeJS.ProcessEnv = {};
  let broken = false;

  before(async () => {
    const { plane } = rig;
    const { helm } = await toolPaths(['helm']);
    folder = plane.folder.file('shell');
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    symlinkSync(plane.kubectlPath, join(bin, 'kubectl'));
    symlinkSync(helm, join(bin, 'helm'));
    symlinkSync(join(ROOT, 'cli/bin/espalier'), join(bin, 'espalier'));
    for (const name of ['manifests', 'charts', 'controller']) {
      symlinkSync(join(ROOT, name), join(folder, name));
    }
    env = {
      HOME: folder,
      KUBECONFIG: plane.kubeconfig,
      PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    };
  });

  /** The steps of one story: what comes after a broken one would say nothing. */
  function step(name: string, act: (context: TestContext) => Promise<void>): void {
    test(name, async (context) => {
      if (broken) return context.skip('an earlier step failed');
      broken = true;
      await act(context);
      broken = false;
    });
  }

  async function runAll(document: Document, stage: Stage, context: TestContext): Promise<void> {
    const due = commandsOf(document).filter(
      (command) => whyNotRun(command) === undefined && stageOf(command) === stage,
    );
    for (const command of due) {
      if (command.includes('apply -f espalier-keys.yaml')) await loseKeys();
      const began = performance.now();
      await run('bash', ['--norc', '-eu', '-o', 'pipefail', '-c', asRun(command)], {
        cwd: folder,
        env,
      }).catch((error: { stdout: string; stderr: string }) => {
        assert.fail(`${command}\n${error.stdout}${error.stderr}`);
      });
      context.diagnostic(`${(performance.now() - began).toFixed(0)} ms ${command.slice(0, 100)}`);
    }
    assert.ok(due.length > 0);
  }

  const keys = async (): Promise<object> => {
    const path = `/api/v1/namespaces/${NAMESPACE}/secrets/espalier-nats-keys`;
    return (await rig.plane.client.get<KubeObject & { data: object }>(path)).data;
  };
  let kept: object = {};
  /** So that what the backup puts back is seen. */
  async function loseKeys(): Promise<void> {
    kept = await keys();
    await rig.plane.kubectl([
      ...['delete', 'secret', '-n', NAMESPACE, 'espalier-nats-keys', 'espalier-store-keys'],
    ]);
  }

  step('install.md, before there is a release', async (context) => {
    await runAll('docs/install.md', 'before', context);
    const made = readdirSync(join(folder, 'nats-keys'));
    assert.ok(made.includes('operator.seed'), made.join());
  });

  step('a release, an Experiment with a trial that ended and one that runs', async () => {
    const { client, kubectl } = rig.plane;
    await makeNamespace(client, 'team-a');
    const limits = ['--hard=pods=100,secrets=100'];
    await kubectl(['create', 'quota', 'all', '-n', 'team-a', ...limits]);
    // The installation here has no store.
    const literals = ['--from-literal=accessKeyId=a', '--from-literal=secretAccessKey=b'];
    const secret = ['secret', 'generic', 'espalier-store-keys'];
    await kubectl(['create', ...secret, '-n', NAMESPACE, ...literals]);
    const { code, stderr } = await rig.helm(apply('install'), HERE);
    assert.equal(code, 0, stderr);
    const script = `case "$ESPALIER_TRIAL" in
      *digits-00000*) printf %s '${lastWords(0.9)}' > "$ESPALIER_TERMINATION_LOG";;
      *) trap "exit 10" TERM; echo trains; while :; do sleep 0.1; done;;
    esac`;
    await createExperiment(client, 'team-a', 'digits', {
      trials: { max: 3, parallel: 1 },
      deadlines: { metrics: '1s' },
      trainer: { args: ['-c', script], gracePeriod: '5s' },
    });
    await waitFor(
      async () => {
        const { items } = await podsIn(client, 'team-a');
        return items.some(
          ({ metadata, status }) =>
            metadata.name === 'digits-00001-a0' && status?.phase === 'Running',
        );
      },
      { what: 'the second trial runs', timeoutMs: 180_000 },
    );
  });

  for (const document of ['docs/operations.md', 'docs/install.md'] as const) {
    step(`every command of ${document} that can be run does what it should`, (context) =>
      runAll(document, 'installed', context),
    );
  }

  step('the keys that were put back are those of before', async () => {
    assert.ok(Object.keys(kept).length > 5);
    assert.deepEqual(await keys(), kept);
    const objects = readFileSync(join(folder, 'espalier-objects.yaml'), 'utf8');
    assert.match(objects, /^ {4}name: digits$/m);
  });

  step('the end: uninstalled by manifests, and everything deleted', async (context) => {
    await runAll('docs/install.md', 'end', context);
    const { client } = rig.plane;
    await waitFor(
      async () => (await client.request('GET', `/api/v1/namespaces/${NAMESPACE}`)).status === 404,
      { what: 'the namespace is gone', timeoutMs: 180_000 },
    );
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    assert.deepEqual((await client.list(crds)).items, []);
  });
});
