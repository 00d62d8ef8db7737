import { setTimeout as sleep } from 'node:timers/promises';
import type { Trial } from '@espalier/api';
import type { LocalClient, TrialView } from '@espalier/controller/local';
import { isOnCluster } from '../cluster.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { invalid, notFound } from '../failure.ts';
import { type Key, keyOf } from '../key.ts';
import { findTrial, type Location, unknownName, withClient } from '../location.ts';
import { LinePrefix, LogTail } from '../log-tail.ts';
import { attemptOf, linePrefix, logWriter, type Write } from '../logs/attempts.ts';
import type { Surroundings } from '../surroundings.ts';
import type { BucketFlags } from '../transfer/store-options.ts';

export interface LogsOptions extends Location, BucketFlags {
  readonly follow?: boolean;
  readonly attempt?: number;
}

const POLL_MS = 250;

/** What trainers printed: of one Trial, or of all of an Experiment with their index before each line. */
export async function logs(
  surroundings: Surroundings,
  name: string,
  options: LogsOptions,
): Promise<ExitCode> {
  if (isOnCluster(options)) {
    const { logsOnCluster } = await import('./logs-on-cluster.ts');
    return logsOnCluster(surroundings, name, options);
  }
  return withClient(surroundings, options, async (client, place) => {
    const key = keyOf(name, place);
    const out = logWriter(surroundings.stdout);
    const experiment = await client.experiment(key);
    if (experiment !== undefined) {
      if (options.attempt !== undefined) {
        throw invalid('--attempt needs the name of a Trial', [
          `espalier trials ${key.name} lists them`,
        ]);
      }
      await experimentLogs(client, key, out, options.follow ?? false);
      return EXIT.ok;
    }
    const found = await findTrial(client, key);
    if (found === undefined) throw await unknownName(client, key, 'Experiment or Trial');
    const owner = { namespace: key.namespace, name: found.experiment.metadata.name };
    await trialLog(surroundings, client, owner, found.view, out, options);
    return EXIT.ok;
  });
}

async function trialLog(
  { stderr }: Surroundings,
  client: LocalClient,
  owner: Key,
  first: TrialView,
  out: Write,
  { follow = false, attempt }: LogsOptions,
): Promise<void> {
  const tail = new LogTail();
  let view: TrialView | undefined = first;
  let path = await client.logFile(first.trial, attempt);
  let shown = attemptOf(first);
  if (path === undefined && !follow) {
    const which = attempt === undefined ? '' : ` of attempt ${attempt}`;
    throw notFound(`${first.trial.metadata.name} has no log${which}`, [
      `espalier get ${first.trial.metadata.name} shows its attempts`,
    ]);
  }
  for (;;) {
    if (path !== undefined) await tail.read(path, out);
    if (!follow || view === undefined) return;
    // Looked at before the read below, so that what was printed last is still shown.
    const isOver = isEnded(view.trial) || (attempt !== undefined && attempt < attemptOf(view));
    if (isOver) {
      path = await client.logFile(view.trial, attempt);
      if (path !== undefined) await tail.read(path, out);
      return;
    }
    await sleep(POLL_MS);
    view = (await client.trials(owner)).find(({ trial }) => isSame(trial, first.trial));
    if (view === undefined) return;
    if (attempt === undefined && attemptOf(view) !== shown) {
      shown = attemptOf(view);
      stderr.write(`--- attempt ${shown} ---\n`);
      tail.restart();
    }
    path = await client.logFile(view.trial, attempt);
  }
}

async function experimentLogs(
  client: LocalClient,
  key: Key,
  out: Write,
  follow: boolean,
): Promise<void> {
  const tails = new Map<string, { tail: LogTail; lines: LinePrefix; attempt: number }>();
  const finished = new Set<string>();
  for (let isFirst = true; ; isFirst = false) {
    const experiment = await client.experiment(key);
    const phase = experiment?.status?.phase;
    const isOver = phase === 'Succeeded' || phase === 'Failed' || phase === 'Cancelled';
    for (const view of await client.trials(key)) {
      const { name } = view.trial.metadata;
      const ended = isEnded(view.trial);
      // With -f the past is left out: only what is printed from now on.
      if (finished.has(name) || (follow && isFirst && ended && !isOver)) {
        finished.add(name);
        continue;
      }
      const state = tails.get(name) ?? newTail(view);
      tails.set(name, state);
      if (state.attempt !== attemptOf(view)) {
        await out(state.lines.flush());
        state.tail.restart();
        state.attempt = attemptOf(view);
      }
      const path = await client.logFile(view.trial);
      if (path !== undefined) await state.tail.read(path, (text) => out(state.lines.add(text)));
      if (!ended && follow) continue;
      await out(state.lines.flush());
      tails.delete(name);
      finished.add(name);
    }
    if (!follow || isOver || experiment === undefined) return;
    await sleep(POLL_MS);
  }
}

function newTail(view: TrialView): { tail: LogTail; lines: LinePrefix; attempt: number } {
  const lines = new LinePrefix(linePrefix(view.trial));
  return { tail: new LogTail(), lines, attempt: attemptOf(view) };
}

function isEnded({ status }: Trial): boolean {
  const phase = status?.phase;
  return phase === 'Succeeded' || phase === 'Stopped' || phase === 'Failed';
}

function isSame(a: Trial, b: Trial): boolean {
  return a.metadata.name === b.metadata.name;
}
