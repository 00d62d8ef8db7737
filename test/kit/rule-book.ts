import {
  type Fault,
  type FaultRule,
  isWatchFault,
  matches,
  type RequestRecord,
} from './fault-rules.ts';
import { createRandom } from './random.ts';

/** The rules of a proxy and how often each has acted. */
export interface RuleBook {
  add(rule: FaultRule): () => void;
  clear(): void;
  /** The faults for a request, in the order of the rules; counts them as used. */
  choose(request: RequestRecord): Fault[];
}

/** Creates a rule book; the seed decides the rules that act by chance. */
export function createRuleBook(initial: readonly FaultRule[], seed: number): RuleBook {
  const random = createRandom(seed);
  let entries: { readonly rule: FaultRule; seen: number; used: number }[] = [];
  const add = (rule: FaultRule) => {
    const entry = { rule, seen: 0, used: 0 };
    entries.push(entry);
    return () => {
      entries = entries.filter((other) => other !== entry);
    };
  };
  for (const rule of initial) add(rule);
  return {
    add,
    clear: () => {
      entries = [];
    },
    choose: (request) => {
      const faults: Fault[] = [];
      for (const entry of entries) {
        const { rule } = entry;
        if (isWatchFault(rule.fault) && !request.isWatch) continue;
        if (!matches(rule.match, request)) continue;
        entry.seen += 1;
        if (entry.seen <= (rule.skip ?? 0)) continue;
        if (entry.used >= (rule.times ?? Number.POSITIVE_INFINITY)) continue;
        if (rule.chance !== undefined && random() >= rule.chance) continue;
        entry.used += 1;
        request.faults.push(rule.name ?? rule.fault.kind);
        faults.push(rule.fault);
      }
      return faults;
    },
  };
}
