import { setTimeout as sleep } from 'node:timers/promises';
import { isTerminalTrial, type Trial } from '@espalier/api';
import type { LocalClient } from '@espalier/controller/local';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, invalid, notFound } from '../failure.ts';
import { type Key, keyOf } from '../key.ts';
import { findTrial, unknownName, withUserCluster } from '../location.ts';
import { LinePrefix } from '../log-tail.ts';
import { AttemptLog, isCounted, type LogPlaces, type Shown } from '../logs/attempt-log.ts';
import { attemptOf, linePrefix, logWriter, type Write } from '../logs/attempts.ts';
import { exitOf } from '../run/exit-of.ts';
import type { Surroundings } from '../surroundings.ts';
import { experimentFolder } from '../transfer/experiment-folder.ts';
import type { LogsOptions } from './logs.ts';

const POLL_MS = 1000;
/** Each is a connection to the API server that stays open. */
const MOST_FOLLOWED = 100;

interface Owner {
  readonly client: LocalClient;
  readonly key: Key;
  readonly places: LogPlaces;
}

/** What trainers of a cluster printed, from their pods and afterwards from the store. */
export async function logsOnCluster(
  surroundings: Surroundings,
  name: string,
  options: LogsOptions,
): Promise<ExitCode> {
  try {
    return await showLogs(surroundings, name, options);
  } catch (error) {
    // Ctrl-C is how one leaves a log that goes on, and no failure.
    const isLeft = error instanceof Failure && error.exitCode === EXIT.interrupted;
    if (options.follow === true && isLeft) return EXIT.interrupted;
    throw error;
  }
}

async function showLogs(
  surroundings: Surroundings,
  name: string,
  options: LogsOptions,
): Promise<ExitCode> {
  const { follow = false, attempt } = options;
  const { isPassing } = await import('@espalier/controller/remote');
  return withUserCluster(
    surroundings,
    options,
    async ({ cluster, client, place, signal }) => {
      const key = keyOf(name, place);
      const found = await client.experiment(key);
      const one = found === undefined ? await findTrial(client, key) : undefined;
      const experiment = found ?? one?.experiment;
      if (experiment === undefined) throw await unknownName(client, key, 'Experiment or Trial');
      const owner = { namespace: key.namespace, name: experiment.metadata.name };
      const trials = (await client.trials(owner)).map(({ trial }) => trial);
      const folder = experimentFolder(surroundings, experiment, trials, options);
      const places = { surroundings, cluster, signal, folder, flags: options, isPassing };
      const of: Owner = { client, key: owner, places };
      const out = logWriter(surroundings.stdout);
      if (one !== undefined) {
        await trialLog(of, one.view.trial, attempt, follow, out);
      } else if (attempt !== undefined) {
        throw invalid('--attempt needs the name of a Trial', [
          `espalier trials ${key.name} lists them`,
        ]);
      } else if (follow) await followAll(of, out);
      else for (const trial of trials) await prefixed(of, trial, false, out);
      return EXIT.ok;
    },
    'the same command shows it again',
  );
}

async function trialLog(
  owner: Owner,
  trial: Trial,
  attempt: number | undefined,
  follow: boolean,
  out: Write,
): Promise<void> {
  const shown = await attempts(owner, trial, attempt, follow, out);
  if (shown === 'all') return;
  const { name } = trial.metadata;
  const which = attempt === undefined ? '' : ` of attempt ${attempt}`;
  switch (shown) {
    case 'waiting':
      if (attempt !== undefined && attempt > attemptOf({ trial })) {
        throw notFound(`${name} has had no attempt ${attempt} yet`, [
          `espalier get ${name} shows its attempts; -f waits for it`,
        ]);
      }
      throw notFound(`${name} has printed nothing yet: its pod has not started`, [
        `espalier events ${owner.key.name} tells why; -f waits for it`,
      ]);
    case 'none':
      throw notFound(`${name} has no log${which}: its pod is gone, and none was kept`, [
        `espalier get ${name} shows its attempts`,
      ]);
    case 'no-store':
      throw notFound(`the pod of ${name} is gone, and nothing says where its log is kept`, [
        'name the bucket of the installation with --bucket (and --prefix) or ESPALIER_S3_BUCKET',
      ]);
  }
}

/** One attempt after the other, as far as wanted; a new one is announced. */
async function attempts(
  owner: Owner,
  first: Trial,
  wanted: number | undefined,
  follow: boolean,
  out: Write,
): Promise<Shown> {
  const { places } = owner;
  let trial = first;
  let attempt = wanted ?? attemptOf({ trial });
  let log = new AttemptLog(places, attempt, out);
  for (;;) {
    const shown = await log.show(trial, follow);
    if (!follow) return shown;
    // What was read before the log: after it nothing more can come. A stream may end before that.
    const isOver = isTerminalTrial(trial.status?.phase);
    if (isOver || (wanted !== undefined && isCounted(trial, wanted))) {
      return shown === 'waiting' ? 'none' : shown;
    }
    const fresh = await patiently(places, () => find(owner, first));
    if (fresh === undefined) return shown;
    const hasMoved = fresh.metadata.resourceVersion !== trial.metadata.resourceVersion;
    trial = fresh;
    const next = wanted ?? attemptOf({ trial });
    if (next !== attempt) {
      attempt = next;
      log = new AttemptLog(places, attempt, out);
      places.surroundings.stderr.write(`--- attempt ${attempt} of ${trial.metadata.name} ---\n`);
    } else if (!hasMoved) await sleep(POLL_MS, undefined, { signal: places.signal });
  }
}

async function find({ client, key }: Owner, { metadata }: Trial): Promise<Trial | undefined> {
  const views = await client.trials(key);
  return views.find(({ trial }) => trial.metadata.uid === metadata.uid)?.trial;
}

/** All that run, and those that begin later, until the Experiment ends. */
async function followAll(owner: Owner, out: Write): Promise<void> {
  const { client, key, places } = owner;
  const { stderr } = places.surroundings;
  const known = new Set<string>();
  const shown = new Map<string, Promise<void>>();
  const failed = Promise.withResolvers<never>();
  // Whoever never waits for it must not meet an unhandled rejection.
  failed.promise.catch(() => {});
  let isCrowded = false;
  for (let isFirst = true; ; isFirst = false) {
    const experiment = await patiently(places, () => client.experiment(key));
    const isOver = experiment === undefined || exitOf(experiment) !== undefined;
    const views = experiment === undefined ? [] : await patiently(places, () => client.trials(key));
    for (const { trial } of views) {
      const { uid } = trial.metadata;
      const phase = trial.status?.phase ?? 'Pending';
      if (known.has(uid) || phase === 'Pending') continue;
      // With -f the past is left out: only what is printed from now on.
      if (isFirst && !isOver && isTerminalTrial(phase)) {
        known.add(uid);
        continue;
      }
      if (shown.size >= MOST_FOLLOWED) {
        if (!isOver && !isCrowded) stderr.write(`showing ${MOST_FOLLOWED} trials at once\n`);
        isCrowded = true;
        continue;
      }
      known.add(uid);
      const task = prefixed(owner, trial, true, out).catch(failed.reject);
      shown.set(
        uid,
        task.then(() => {
          shown.delete(uid);
        }),
      );
    }
    const isAll = views.every(({ trial }) => known.has(trial.metadata.uid));
    if (isOver && (isAll || shown.size === 0)) {
      await Promise.race([Promise.all(shown.values()), failed.promise]);
      return;
    }
    const pause = sleep(POLL_MS, undefined, { signal: places.signal });
    await Promise.race([pause, failed.promise]);
  }
}

/** A log with the index of its Trial before each line; where there is none, nothing. */
async function prefixed(owner: Owner, trial: Trial, follow: boolean, out: Write): Promise<void> {
  const lines = new LinePrefix(linePrefix(trial));
  await attempts(owner, trial, undefined, follow, (text) => out(lines.add(text)));
  await out(lines.flush());
}

/** Asks again while the server is away. */
async function patiently<T>({ isPassing, signal }: LogPlaces, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted || !isPassing(error)) throw error;
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}
