import { resolve } from 'node:path';
import { EXPERIMENT_REASON, TRIAL_REASON, type Trial } from '@espalier/api';
import { ArtifactFolder } from './adapters/local/artifact-folder.ts';
import { FolderClient } from './adapters/local/client.ts';
import type { Damage } from './adapters/local/damaged.ts';
import { DurableFiles, makeFolder, storageError } from './adapters/local/durable-file.ts';
import type { LocalClient, LocalOptions, LocalRunner } from './adapters/local/engine.ts';
import { EventLog } from './adapters/local/event-log.ts';
import { EventLogger } from './adapters/local/event-logger.ts';
import { FileFeed } from './adapters/local/file-feed.ts';
import { Layout, runId } from './adapters/local/layout.ts';
import { LiveTrials } from './adapters/local/live-trials.ts';
import { LocalCluster } from './adapters/local/local-cluster.ts';
import { FolderLock } from './adapters/local/lock.ts';
import { ObjectStore } from './adapters/local/object-store.ts';
import { endOrphans } from './adapters/local/orphans.ts';
import { PodStarter } from './adapters/local/pod-starter.ts';
import { ProcessPods } from './adapters/local/process-pods.ts';
import { markInterrupted, recoverPods } from './adapters/local/recover.ts';
import { Runner } from './adapters/local/runner.ts';
import { socketPath } from './adapters/local/socket-path.ts';
import { SocketServer } from './adapters/local/socket-server.ts';
import { systemClock } from './adapters/local/system-clock.ts';
import type { Logger, ObjectEvent, Telemetry } from './ports/telemetry.ts';
import { startControllers } from './reconcilers/start.ts';

export type { Damage } from './adapters/local/damaged.ts';
export type {
  ApplyOutcome,
  LiveTrial,
  LocalClient,
  LocalOptions,
  LocalRunner,
  TrialView,
} from './adapters/local/engine.ts';
export { inheritedEnv } from './adapters/local/trainer-env.ts';
export { readManifest } from './domain/artifacts/manifest.ts';
export { checkExperiment, problemOf, type SpecProblem } from './domain/experiment/check.ts';
export { missesConstraints } from './domain/experiment/goals.ts';
export { importanceOf } from './domain/experiment/importance.ts';
export { leaderboardOf } from './domain/experiment/leaderboard.ts';
export { stopRuleOf } from './domain/experiment/stop-rule.ts';
export { trialsCsv } from './domain/experiment/trials-csv.ts';
export { verifying } from './domain/experiment/verify.ts';
export type {
  Difference,
  Unknown,
  Verification,
  VerifyProgress,
} from './domain/experiment/verify-result.ts';
export { type ErrorCode, EspalierError } from './ports/errors.ts';
export { keyText, type ObjectKey, parseKey } from './ports/key.ts';
export type { EventRecord } from './ports/telemetry.ts';

export interface ClientOptions {
  /** Told of each file that cannot be used, once, while no runner holds the folder: a runner tells it. */
  readonly onDamage?: (damage: Damage) => void;
}

/** For tests and benchmarks; everybody else takes the defaults. */
export interface LocalTuning {
  /** How long trainers of a dead runner may save before they are killed. Default 10,000. */
  readonly orphanGraceMs?: number;
  readonly log?: Logger;
  /** Told how many durable writes were made, and their mean duration, when the runner ends. */
  readonly onStats?: (stats: { readonly writes: number; readonly meanMs: number }) => void;
}

/**
 * Takes the folder, ends what a dead runner left, and goes on with every Experiment in it.
 *
 * @throws EspalierError LockHeld if another runner holds the folder; Storage if it cannot be written.
 */
export async function startRunner(
  options: LocalOptions,
  tuning: LocalTuning = {},
): Promise<LocalRunner> {
  const layout = new Layout(resolve(options.dir));
  try {
    for (const folder of [layout.run, layout.objects]) makeFolder(folder);
  } catch (cause) {
    throw storageError(`cannot make the folder ${layout.dir}`, cause);
  }
  const since = new Date(systemClock.now()).toISOString();
  const lock = await FolderLock.acquire(layout.lock, since);
  try {
    return await composeRunner(layout, lock, options, tuning);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** A folder as commands use it, whether a runner holds it or nobody does. */
export async function openClient(
  dir: string,
  { onDamage = () => {}, ...tuning }: ClientOptions & LocalTuning = {},
): Promise<LocalClient> {
  const options = { orphanGraceMs: orphanGrace(tuning), onDamage };
  return new FolderClient(new Layout(resolve(dir)), systemClock, options);
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: what is made of what, once
async function composeRunner(
  layout: Layout,
  lock: FolderLock,
  options: LocalOptions,
  tuning: LocalTuning,
): Promise<LocalRunner> {
  const clock = systemClock;
  const stop = new AbortController();
  const files = new DurableFiles();
  const store = new ObjectStore(layout, files);
  const damage = store.load(clock.now());
  const events = new EventLog({
    layout,
    clock,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const artifacts = new ArtifactFolder(layout, files);
  const feed = new FileFeed({
    clock,
    onForget: (trialUid, attempts) => {
      artifacts.forget(trialUid);
      for (const attempt of attempts) cluster.dropRun(trialUid, attempt);
    },
    onBroken: ({ namespace, trialName, trialUid }, attempt, why) =>
      events.emit({
        kind: 'Trial',
        namespace,
        name: trialName,
        uid: trialUid,
        type: 'Warning',
        reason: 'ReportDamaged',
        message: `attempt ${attempt}: ${why}`,
      }),
  });
  const pods = new ProcessPods({
    clock,
    onChange: (trialUid) => cluster.podChanged(trialUid),
    onEnd: (trialUid, attempt) => feed.ended(trialUid, attempt),
  });
  const id = runId(layout.dir);
  const starter = new PodStarter({
    layout,
    pods,
    runId: id,
    trainerCommand: options.trainerCommand,
    allowCpu: options.allowCpu,
    ...(options.data === undefined ? {} : { data: options.data }),
    ...(options.cpus === undefined ? {} : { cpus: options.cpus }),
    onReport: (trialUid, attempt, path) => feed.attach(trialUid, attempt, path),
    onRefused: ({ trial }, problems) => events.emit(refusedEvent(trial, problems)),
  });
  const cluster: LocalCluster = new LocalCluster({
    layout,
    store,
    pods,
    starter,
    clock,
    onTrialGone: ({ metadata }) => feed.forget(metadata.uid),
    onExperimentGone: ({ metadata }) => events.remove(metadata),
  });

  for (const event of damage.map(damageEvent)) events.emit(event);
  markInterrupted(layout, clock.now());
  await endOrphans(id, { graceMs: orphanGrace(tuning), clock });
  await recoverPods(
    { layout, store, pods, onReport: (uid, attempt, path) => feed.attach(uid, attempt, path) },
    { signal: stop.signal },
  );

  const live = new LiveTrials(pods, feed, clock);
  const log = tuning.log ?? new EventLogger(events);
  const ports = { cluster, feed, artifacts, events, clock, telemetry: NO_TELEMETRY, log };
  const controllers = startControllers(ports, { signal: stop.signal, viewIntervalMs: VIEW_MS });
  let server: SocketServer | undefined;
  const runner = new Runner({
    layout,
    clock,
    cluster,
    pods,
    events,
    live,
    machine: options,
    stopReconciling: async () => {
      stop.abort();
      await controllers.done;
    },
    release: async () => {
      // Whatever left its process group is ended too: nothing goes on without a runner.
      await endOrphans(id, { graceMs: 0, clock });
      await server?.close();
      feed.close();
      events.flush();
      tuning.onStats?.(files.stats());
      lock.release();
    },
  });
  feed.onRead(() => runner.reported());
  try {
    server = await SocketServer.listen(socketPath(layout.dir), runner);
  } catch (error) {
    await runner.close();
    throw error;
  }
  return runner;
}

/** Views stay in memory here, so they may be as fresh as a table is. */
const VIEW_MS = 200;

const NO_TELEMETRY: Telemetry = {
  reconciled: () => {},
  queueDepth: () => {},
  queueWait: () => {},
};

function orphanGrace({ orphanGraceMs = 10_000 }: LocalTuning): number {
  return orphanGraceMs;
}

function damageEvent({ key, path, why, movedTo }: Damage): ObjectEvent {
  const where = movedTo === undefined ? 'is ignored' : `was moved to ${movedTo}`;
  return {
    kind: 'Experiment',
    namespace: key.namespace,
    name: key.name,
    uid: '',
    type: 'Warning',
    reason: EXPERIMENT_REASON.recordDamaged,
    message: `${path} ${where}: ${why}`,
  };
}

function refusedEvent({ metadata }: Trial, problems: readonly string[]): ObjectEvent {
  const { namespace, name, uid } = metadata;
  return {
    kind: 'Trial',
    namespace,
    name,
    uid,
    type: 'Warning',
    reason: TRIAL_REASON.unstartable,
    message: problems.join('; '),
  };
}
