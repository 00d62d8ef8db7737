import { parseClassMap } from '../../report/class-map.ts';
import { parseConfusion } from '../../report/confusion.ts';
import { endedTrial, experiment } from '../../testing/objects.ts';
import type { ReportSource } from '../page/report-page.ts';
import { plottedTrial, sweepOf } from './sweeps.ts';

const CLASSES = 11;
const REPLICATES = 3;
const CONFIGURATIONS = 6;

/**
 * A report with everything in it: six configurations of three replicates, one of which failed and some of
 * which miss a constraint, two objectives, and what a trainer of eleven classes has left.
 *
 * @param name Of the class with the number 5.
 */
export function reportSource(name = '5'): ReportSource {
  const count = CONFIGURATIONS * REPLICATES;
  const of = (index: number) => Math.floor(index / REPLICATES);
  const trials = Array.from({ length: count }, (_, index) => {
    const value = 0.9 - 0.04 * of(index) + 0.01 * Math.sin(7 * index);
    const parameters = [
      { name: 'lr', float: 10 ** (-1 - of(index) / 2) },
      { name: 'schedule', string: of(index) % 2 === 0 ? 'cosine' : 'step' },
    ];
    const { trial } = endedTrial(index, value);
    const isFailed = index === count - 1;
    const place = { configuration: of(index), replicate: index % REPLICATES };
    const spec = { ...trial.spec, ...place, parameters };
    const status = trial.status && {
      ...trial.status,
      phase: 'Failed' as const,
      reason: 'OutOfMemory',
    };
    return isFailed && status ? { ...trial, spec, status } : { ...trial, spec };
  });
  const sweep = sweepOf(
    trials.map(({ metadata, spec, status }, index) =>
      plottedTrial(index, {
        name: metadata.name,
        end: status?.phase === 'Failed' ? 'failed' : 'succeeded',
        state: status?.phase ?? '',
        values: [status?.observation?.value, 10 - of(index) + 0.3 * Math.cos(5 * index)],
        isInfeasible: spec.configuration === 1,
      }),
    ),
    { name: 'digits' },
  );
  const first = trials[0];
  return {
    experiment: experiment({
      spec: { replicates: { parameter: 'seed', values: [1, 2, 3] } },
      status: {
        phase: 'Succeeded',
        best: {
          ...{ trial: first?.metadata.name ?? '', configuration: 0, value: 0.9, step: 800 },
          parameters: first?.spec.parameters ?? [],
        },
      },
    }),
    trials,
    sweep,
    standings: Array.from({ length: CONFIGURATIONS }, (_, index) => {
      const mean = 0.9 - 0.04 * index;
      return {
        ...{ index, mean, interval: { low: mean - 0.03, high: mean + 0.03 }, replicates: 3 },
        ...{ pBest: 0.9 / (index * index + 1), isApart: index > 1 },
        ...(index === 0 ? {} : { pWorse: 0.2 / index ** 3 }),
      };
    }),
    extras: {
      confusion: parseConfusion(confusionTable(name)),
      classMap: parseClassMap(mapTable(name)),
      notes: [],
    },
    written: '2026-01-01T00:00:00.000Z',
    version: '0.0.0',
  };
}

const nameOf = (index: number, name: string) => (index === 5 ? name : String(index));

function confusionTable(name: string): string {
  const rows = Array.from({ length: CLASSES }, (_, label) =>
    Array.from({ length: CLASSES }, (_, taken) => {
      const images = label === taken ? 280 + 7 * label : (label * 5 + taken * 3) % 9;
      return `${nameOf(label, name)},${nameOf(taken, name)},${images}`;
    }),
  );
  return ['label,predicted,count', ...rows.flat()].join('\n');
}

/** Clouds around places on a circle; the angles of their points never come again. */
function mapTable(name: string): string {
  const rows = Array.from({ length: 3_300 }, (_, n) => {
    const label = n % CLASSES;
    const [angle, turn] = [(2 * Math.PI * label) / CLASSES, 2.4 * n];
    const far = 11 * Math.sqrt((n % 300) / 300);
    const [x, y] = [40 * Math.cos(angle), 40 * Math.sin(angle)];
    return `${x + far * Math.cos(turn)},${y + far * Math.sin(turn)},${nameOf(label, name)}`;
  });
  return ['x,y,label', ...rows].join('\n');
}
