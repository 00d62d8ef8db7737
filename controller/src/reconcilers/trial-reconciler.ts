import { isTerminalTrial } from '@espalier/api';
import { planTrial, waitingStatus } from '../domain/trial/plan.ts';
import type { StatusChange, TrialPlan } from '../domain/trial/plan-types.ts';
import { trialEvents } from '../domain/trial/trial-events.ts';
import type { Call } from '../ports/cluster.ts';
import { WaitError } from '../ports/errors.ts';
import { type ObjectKey, parseKey } from '../ports/key.ts';
import type { Outcome, Reconcile } from '../runtime/controller.ts';
import { ExperimentIndex } from './experiment-index.ts';
import { LogKeeper } from './log-keeper.ts';
import type { ControllerPorts } from './ports.ts';
import { executeTrialAction } from './trial-executor.ts';
import { type ObservedTrial, TrialObserver } from './trial-observer.ts';

export interface TrialReconcilerOptions {
  readonly index?: ExperimentIndex;
  readonly viewIntervalMs?: number;
}

/** Brings one Trial from where it is to where it should be, a step at a time; safe to repeat. */
export function createTrialReconciler(
  ports: ControllerPorts,
  options: TrialReconcilerOptions = {},
): Reconcile {
  const index = options.index ?? new ExperimentIndex(ports.cluster);
  const logs = new LogKeeper(ports);
  const observer = new TrialObserver(ports, index, options.viewIntervalMs ?? 1000);

  const look = (key: ObjectKey) => {
    const observed = observer.observe(key);
    return observed && { observed, plan: planTrial(observed.snapshot, ports.clock.now()) };
  };

  return async (keyText, { signal }) => {
    const key = parseKey(keyText);
    const seen = look(key);
    if (seen === undefined) return {};
    const { observed, plan } = seen;
    if (observed.entry === undefined || !judges(observed, plan)) {
      return execute(observed, plan, { signal });
    }
    // The order of arrival at a rung is read and written by one Trial at a time.
    return observed.entry.judging.pass(async () => {
      const again = look(key);
      return again === undefined ? {} : execute(again.observed, again.plan, { signal });
    });
  };

  async function execute(observed: ObservedTrial, plan: TrialPlan, call: Call): Promise<Outcome> {
    let change = plan.change;
    for (const action of plan.actions) {
      call.signal.throwIfAborted();
      try {
        change = (await executeTrialAction(action, observed, ports, index, logs, call)) ?? change;
      } catch (error) {
        if (error instanceof WaitError) await tell(observed, error, call);
        throw error;
      }
    }
    if (change !== undefined) {
      call.signal.throwIfAborted();
      await write(observed, change, call);
    }
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** Shows people what the Trial waits for. */
  async function tell(
    observed: ObservedTrial,
    { reason, message }: WaitError,
    call: Call,
  ): Promise<void> {
    if (reason === undefined) return;
    const status = waitingStatus(observed.trial.status, reason, message);
    if (status !== undefined) await write(observed, { status, write: 'view' }, call);
  }

  async function write(
    { trial, entry, memory }: ObservedTrial,
    { status, write: kind }: StatusChange,
    call: Call,
  ): Promise<void> {
    const written = await ports.cluster.writeTrialStatus(trial, status, kind, call);
    memory.lastViewMs = ports.clock.now();
    // The next plan must see it even if the cache does not show it yet.
    if (entry !== undefined) index.applyTrial(entry, written);
    if (isTerminalTrial(status.phase)) observer.forget(trial.metadata);
    const { namespace, name, uid } = trial.metadata;
    for (const event of trialEvents(trial.status, status)) {
      ports.events.emit({ kind: 'Trial', namespace, name, uid, ...event });
    }
  }
}

function judges({ trial }: ObservedTrial, { change }: TrialPlan): boolean {
  return (change?.status.rungs.length ?? 0) > (trial.status?.rungs.length ?? 0);
}
