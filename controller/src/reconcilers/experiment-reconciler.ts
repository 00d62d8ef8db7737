import type { Experiment } from '@espalier/api';
import { planExperiment } from '../domain/experiment/plan.ts';
import type { ExperimentPlan, ExperimentSnapshot } from '../domain/experiment/snapshot.ts';
import {
  checkSources,
  type WarmStartSource,
  warmStartRecord,
} from '../domain/experiment/warm-start.ts';
import type { Call } from '../ports/cluster.ts';
import { type ObjectKey, parseKey } from '../ports/key.ts';
import type { Outcome, Reconcile } from '../runtime/controller.ts';
import { executeExperimentAction, PlanAgain } from './experiment-executor.ts';
import { type ExperimentEntry, ExperimentIndex } from './experiment-index.ts';
import type { ControllerPorts } from './ports.ts';
import { IN_PROCESS_SEARCHER, type Searcher } from './searcher.ts';

export interface ExperimentReconcilerOptions {
  readonly index?: ExperimentIndex;
  readonly searcher?: Searcher;
  readonly viewIntervalMs?: number;
}

/** The store and the search can each say no once; more would be a defect, which backs off. */
const MAX_PLANS = 4;

/**
 * Counts of all Experiments together are written at most ten times a second: a hundred at once would
 * otherwise write as many statuses as Trials. What is more than a count is never held back.
 */
const VIEW_SHARE_MS = 100;

/** Brings one Experiment from where it is to where it should be, a step at a time; safe to repeat. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: three short functions that share their ports
export function createExperimentReconciler(
  ports: ControllerPorts,
  options: ExperimentReconcilerOptions = {},
): Reconcile {
  const index = options.index ?? new ExperimentIndex(ports.cluster);
  const searcher = options.searcher ?? IN_PROCESS_SEARCHER;
  const viewIntervalMs = options.viewIntervalMs ?? 1000;

  return async (keyText, { signal }) => {
    const key = parseKey(keyText);
    for (let plans = 0; plans < MAX_PLANS; plans++) {
      const observed = observe(key);
      if (observed === undefined) return {};
      const { snapshot, entry } = observed;
      const plan = planExperiment(snapshot, ports.clock.now());
      try {
        return await execute(snapshot.experiment, entry, plan, { signal });
      } catch (error) {
        if (!(error instanceof PlanAgain)) throw error;
      }
    }
    throw new Error('the plan does not settle');
  };

  function observe(
    key: ObjectKey,
  ): { snapshot: ExperimentSnapshot; entry: ExperimentEntry } | undefined {
    const experiment = ports.cluster.experiment(key);
    if (experiment === undefined) return undefined;
    const entry = index.entryOf(experiment);
    const sources = entry.hasBegun ? [] : sourcesOf(experiment);
    const unknown = checkSources(sources);
    const canBegin = !entry.hasBegun && entry.problems.length === 0 && unknown.length === 0;
    const { uid, deletionTimestamp } = experiment.metadata;
    const trials = deletionTimestamp === undefined ? [] : ports.cluster.trialsOf(uid);
    const snapshot: ExperimentSnapshot = Object.freeze({
      experiment,
      progress: entry.progress,
      problems: entry.problems.length > 0 ? entry.problems : unknown,
      warmStart: canBegin ? warmStartRecord(experiment.spec, sources) : undefined,
      exhausted: entry.exhausted,
      room: entry.slots.room(experiment.spec.trials.parallel, ports.clock.now()),
      store: entry.store,
      troubles: entry.progress.active.size > 0 ? (ports.health?.troubles ?? []) : [],
      lastViewMs: entry.lastViewMs,
      viewIntervalMs: Math.max(viewIntervalMs, index.busy * VIEW_SHARE_MS),
      remains: {
        trials,
        pods: trials.flatMap((trial) => ports.cluster.podsOf(trial.metadata.uid)),
      },
    });
    return { snapshot, entry };
  }

  function sourcesOf({ metadata, spec }: Experiment): readonly WarmStartSource[] {
    return (spec.warmStart?.experiments ?? []).map((name) => {
      const source = ports.cluster.experiment({ namespace: metadata.namespace, name });
      if (source === undefined || source.metadata.uid === metadata.uid) {
        return { name, found: undefined };
      }
      return { name, found: { spec: source.spec, progress: index.entryOf(source).progress } };
    });
  }

  async function execute(
    observed: Experiment,
    entry: ExperimentEntry,
    plan: ExperimentPlan,
    call: Call,
  ): Promise<Outcome> {
    const context = { ports, index, searcher, entry, call };
    let experiment = observed;
    for (const action of plan.actions) {
      call.signal.throwIfAborted();
      experiment = await executeExperimentAction(action, experiment, context);
    }
    if (plan.change !== undefined) {
      call.signal.throwIfAborted();
      const { status, write } = plan.change;
      await ports.cluster.writeExperimentStatus(experiment, status, write, call);
      entry.lastViewMs = ports.clock.now();
      const { namespace, name, uid } = experiment.metadata;
      for (const event of plan.events) {
        ports.events.emit({ kind: 'Experiment', namespace, name, uid, ...event });
      }
    }
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }
}
