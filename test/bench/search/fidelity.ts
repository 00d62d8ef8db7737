import { type CurveTask, readCurveTasks } from './curves.ts';
import { runSchedule, type Schedule } from './scheduler.ts';
import { meanOf } from './statistics.ts';

const SCHEDULES: Record<string, Schedule> = {
  random: { kind: 'none' },
  median: { kind: 'median', min: 1, interval: 1, max: 50 },
  asha: { kind: 'asha', min: 1, max: 50, eta: 4, minRungSize: 4 },
  promotion: { kind: 'promotion', min: 1, max: 50, eta: 4 },
  hyperband: { kind: 'hyperband', min: 1, max: 50, eta: 4, minRungSize: 4 },
};

/**
 * How far from the best that any configuration can reach one gets with so many epochs: a line per
 * schedule, budget and workers. 0 is the best of the table, 1 what half of the configurations reach.
 *
 * @param folder Of TaskSet's curves.
 */
export function* fidelityLines(folder: string, seeds: number): Generator<Record<string, unknown>> {
  const tasks = readCurveTasks(folder);
  for (const epochs of [1000, 4000]) {
    for (const workers of [1, 32]) {
      const regrets = Object.entries(SCHEDULES).map(
        ([name, schedule]) => [name, meanRegret(tasks, schedule, epochs, workers, seeds)] as const,
      );
      const randomRegret = regrets[0]?.[1] as number;
      for (const [algorithm, regret] of regrets) {
        yield {
          ...{ bench: 'fidelity', algorithm, epochs, workers, regret, randomRegret },
          ...{ ratio: regret / randomRegret, tasks: tasks.length, seeds },
        };
      }
    }
  }
}

function meanRegret(
  tasks: readonly CurveTask[],
  schedule: Schedule,
  budget: number,
  workers: number,
  seeds: number,
): number {
  return meanOf(
    tasks.flatMap((task) =>
      Array.from({ length: seeds }, (_, i) => {
        const least = runSchedule(schedule, task, budget, workers, i + 1);
        return (least - task.optimum) / (task.median - task.optimum);
      }),
    ),
  );
}
