import { after, afterEach, before } from 'node:test';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { type Kwok, type KwokOptions, startKwok } from './kwok.ts';

/** The servers of a test file; readable from its first test on. */
export interface Cluster {
  readonly plane: ControlPlane;
  readonly kwok: Kwok;
}

/**
 * Starts a control plane, with fake nodes unless `kwok` is false, before the tests of the enclosing
 * suite and stops it after them; if a test failed the logs stay and their folder is printed.
 */
export function useCluster(
  options: ControlPlaneOptions & { readonly nodes?: KwokOptions | false } = {},
): Cluster {
  const { nodes = {}, ...planeOptions } = options;
  let plane: ControlPlane | undefined;
  let kwok: Kwok | undefined;
  const outcome = watchOutcome();
  before(async () => {
    plane = await startControlPlane(planeOptions);
    if (nodes !== false) kwok = await startKwok(plane, nodes);
  });
  after(() => plane?.stop(outcome));
  return {
    get plane() {
      return started(plane, 'the control plane');
    },
    get kwok() {
      return started(kwok, 'kwok');
    },
  };
}

/** Whether a test of the enclosing suite has failed so far; what its servers are stopped with. */
export function watchOutcome(): { readonly failed: boolean } {
  const outcome = { failed: false };
  afterEach((context) => {
    if ('passed' in context && !context.passed) outcome.failed = true;
  });
  return outcome;
}

/** What `before` started; a suite's variables have no value until then. */
export function started<T>(value: T | undefined, what = 'it'): T {
  if (value === undefined) throw new Error(`${what} runs only while the suite's tests do`);
  return value;
}
