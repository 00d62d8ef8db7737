import { isDeepStrictEqual } from 'node:util';
import type { Experiment, WrittenManifest } from '@espalier/api';
import type { UserCluster } from '@espalier/controller/remote';
import { isOnCluster, openCluster } from '../cluster.ts';
import { ClusterClient } from '../cluster-client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, invalid } from '../failure.ts';
import type { Key } from '../key.ts';
import type { Location } from '../location.ts';
import { manifestKey, needOneManifest } from '../manifest-file.ts';
import { printable } from '../render/printable.ts';
import { exitOf } from '../run/exit-of.ts';
import { follow } from '../run/follow.ts';
import type { Surroundings } from '../surroundings.ts';
import { remoteWork } from '../transfer/remote-work.ts';
import { followingOf } from './watch.ts';

export interface SubmitOptions extends Location {
  readonly file: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/**
 * Brings the Experiment of a file to a cluster, or changes the one of its name. Whenever the command is
 * killed, the same one again is right: it creates nothing twice.
 */
export async function submit(
  surroundings: Surroundings,
  options: SubmitOptions,
): Promise<ExitCode> {
  const { written } = await needOneManifest(surroundings, options.file);
  if (!isOnCluster(options)) {
    throw invalid('no cluster is named', [
      'add --cluster (that of $KUBECONFIG or ~/.kube/config), --context NAME or --kubeconfig FILE',
      `to run it on this machine: espalier run -f ${printable(options.file)}`,
    ]);
  }
  const cluster = await openCluster(surroundings, options);
  try {
    const key = manifestKey(written, options.namespace, cluster.namespace);
    const after = await remoteWork(
      surroundings,
      (signal) => submitted(surroundings, cluster, { written, key }, options, signal),
      'it may have been submitted: the same command again is right either way',
    );
    if (options.dryRun === true || options.wait !== true) return EXIT.ok;
    const following = await followingOf(surroundings, options);
    return await remoteWork(surroundings, (signal) => {
      const client = new ClusterClient(cluster, key.namespace, signal);
      return follow(surroundings, client, after.metadata, following);
    });
  } finally {
    cluster.close();
  }
}

async function submitted(
  { stdout, stderr }: Surroundings,
  cluster: UserCluster,
  { written, key }: { readonly written: WrittenManifest; readonly key: Key },
  { dryRun = false, force = false, wait = false, json = false }: SubmitOptions,
  signal: AbortSignal,
): Promise<Experiment> {
  const before = await cluster.experiment(key, { signal });
  if (before?.metadata.deletionTimestamp !== undefined) throw isGoing(key);
  const manifest = { ...written, metadata: { ...written.metadata, ...key } };
  const apply = (isTrial: boolean) =>
    cluster
      .apply(manifest, { dryRun: isTrial, force }, { signal })
      .catch((error: unknown) => Promise.reject(refusal(error, key, before)));
  // All that the server has against it is told before anything is changed.
  let after = await apply(true);
  signal.throwIfAborted();
  if (!dryRun) after = await apply(false);
  const outcome = outcomeOf(before, after);
  if (json && !wait) stdout.write(`${JSON.stringify(after, undefined, 2)}\n`);
  const line = `experiment.espalier.dev/${key.name} ${outcome}${dryRun ? ' (server dry run)' : ''}\n`;
  (json ? stderr : stdout).write(line);
  if (exitOf(before) !== undefined && outcome === 'unchanged') {
    stderr.write(
      `it has ended already (${before?.status?.phase}); to run it again, delete it or rename it\n`,
    );
  } else if (!dryRun && !wait) {
    stderr.write(`look with: espalier watch ${key.name}\n`);
  }
  return after;
}

/** As kubectl says it; what the controller writes meanwhile is no change of ours. */
function outcomeOf(before: Experiment | undefined, after: Experiment): string {
  if (before === undefined || before.metadata.uid !== after.metadata.uid) return 'created';
  const ours = ({ metadata }: Experiment) => [
    metadata.generation,
    metadata.labels ?? {},
    metadata.annotations ?? {},
  ];
  return isDeepStrictEqual(ours(before), ours(after)) ? 'unchanged' : 'configured';
}

function isGoing({ name }: Key): Failure {
  return new Failure(`${name} is being deleted`, {
    exitCode: EXIT.refused,
    hints: ['try again when it is gone: its pods are ended first'],
  });
}

/** Why the server refused, with what a person can do. */
function refusal(error: unknown, { name }: Key, before: Experiment | undefined): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (!(error instanceof Error)) return error;
  if (code === 'Conflict') {
    return new Failure(error.message, {
      exitCode: EXIT.refused,
      hints: [
        'somebody else has set these fields: espalier get NAME -o yaml shows what is there now',
        'leave them out of the file, or take them over with --force',
      ],
      cause: error,
    });
  }
  if (code !== 'InvalidSpec' || before === undefined) return error;
  const ended = exitOf(before) === undefined ? '' : ` (${before.status?.phase})`;
  return new Failure(error.message, {
    exitCode: EXIT.refused,
    hints: [
      `${name} is there already${ended}; of a running one only desiredState, trials, deadlines,`,
      'attempts, artifacts and ttlSecondsAfterFinished may change',
      'give the file another name to start anew',
    ],
    cause: error,
  });
}
