import type { PlottedPoint, PlottedTrial, Sweep } from '../sweep.ts';

/** A trial with a value, eight epochs of it, and parameters that follow from its index. */
export function plottedTrial(index: number, parts: Partial<PlottedTrial> = {}): PlottedTrial {
  const value = 0.5 + 0.4 * Math.sin(index);
  const points = Array.from({ length: 8 }, (_, epoch): PlottedPoint => {
    const share = (epoch + 1) / 8;
    const values = { valid_acc: value * share, grad_norm: 10 ** (1 - 3 * share) };
    return { step: 100 * (epoch + 1), epoch: epoch + 1, values };
  });
  return {
    name: `sweep-${String(index).padStart(5, '0')}`,
    index,
    end: 'succeeded',
    state: 'Succeeded',
    parameters: { lr: 10 ** (-1 - (index % 4)), schedule: index % 2 === 0 ? 'cosine' : 'step' },
    values: [value, 10 - index],
    isInfeasible: false,
    attempts: [
      { number: 0, startMs: 1000 * index, endMs: 1000 * index + 900, outcome: 'Succeeded' },
    ],
    points,
    links: { log: `file:///data/${index}/log.txt` },
    ...parts,
  };
}

export function sweepOf(trials: readonly PlottedTrial[], parts: Partial<Sweep> = {}): Sweep {
  return {
    name: 'sweep',
    objectives: [
      { metric: 'valid_acc', goal: 'maximize' },
      { metric: 'seconds', goal: 'minimize' },
    ],
    parameters: [
      { name: 'lr', kind: 'number', isLog: true },
      { name: 'schedule', kind: 'choice', choices: ['cosine', 'step'] },
    ],
    trials,
    importance: [
      { name: 'lr', importance: 0.75 },
      { name: 'schedule', importance: 0.25 },
    ],
    ...parts,
  };
}
