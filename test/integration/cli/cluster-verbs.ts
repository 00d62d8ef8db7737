import { commandTree } from '../../../cli/src/completion/command-tree.ts';
import { buildProgram } from '../../../cli/src/program.ts';
import { surroundingsHere } from './in-process.ts';

/** How a verb ends where others end in the common way, and what it says then. */
interface Otherwise {
  readonly ends?: number;
  readonly says: RegExp;
}

/** How a verb is tried on the Experiments of `fillNamespace`. */
export interface VerbCase {
  readonly words: readonly string[];
  /** Its exit code where everything is well. @default 0 */
  readonly ends?: number;
  /** It changes something there. */
  readonly writes?: boolean;
  /** Where the CRDs are not installed. */
  readonly bare?: Otherwise;
  /** Without any right. */
  readonly guest?: Otherwise;
  /** Where nothing answers. */
  readonly away?: Pick<Otherwise, 'ends'>;
}

const reads = (line: string, more: Partial<VerbCase> = {}): VerbCase => {
  return { words: line.split(' '), ...more };
};
const writes = (line: string, more: Partial<VerbCase> = {}): VerbCase => {
  return { words: line.split(' '), writes: true, ...more };
};

/** Every verb that can look at a cluster: a test holds this against the program's own declaration. */
export const CLUSTER_VERBS: Readonly<Record<string, VerbCase>> = {
  submit: writes('submit -f sweep.yaml'),
  plan: reads('plan -f sweep.yaml'),
  sweep: writes('sweep --image i --lr 1e-5..1e-2:log --metric acc:max --name swept'),
  list: reads('list'),
  get: reads('get done'),
  watch: reads('watch done'),
  trials: reads('trials done'),
  best: reads('best done'),
  compare: reads('compare done'),
  importance: reads('importance done'),
  export: reads('export done'),
  verify: reads('verify done', { ends: 8 }),
  logs: reads('logs done-00000', { ends: 3 }),
  events: reads('events done', {
    guest: { says: /it needs the verb list on events\.events\.k8s\.io/ },
  }),
  plot: reads('plot history done'),
  report: reads('report done -o report.html'),
  pause: writes('pause to-pause'),
  resume: writes('resume to-resume'),
  stop: writes('stop to-stop'),
  cancel: writes('cancel to-cancel'),
  delete: writes('delete to-delete --yes'),
  retry: writes('retry done'),
  fork: writes('fork done --set search.algorithm=tpe'),
  doctor: reads('doctor', {
    ends: 11,
    bare: { ends: 11, says: /^BAD {2}kinds +the server does not know espalier\.dev/m },
    guest: { ends: 11, says: /^BAD {2}rights +none in team to get, list, .* experiments/m },
    away: { ends: 11 },
  }),
  version: reads('version', {
    bare: { ends: 0, says: /^kinds not installed$/m },
    guest: { ends: 0, says: /^controller not for your eyes$/m },
  }),
};

/** It only prints commands for a cluster. */
const ASKS_NOBODY = ['install'];

/** The verbs that take `--context`, as the program declares them. */
export function declaredOnCluster(): readonly string[] {
  const program = buildProgram(surroundingsHere('/'), async () => {}, []);
  return commandTree(program)
    .verbs.filter(({ options }) => options.some(({ flags }) => flags.includes('--context')))
    .map(({ name }) => name)
    .filter((name) => !ASKS_NOBODY.includes(name));
}
