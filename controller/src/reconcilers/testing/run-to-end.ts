import { experiment, type SpecInput } from '../../domain/testing/builders.ts';
import { World, type WorldOptions } from './world.ts';

/** A whole Experiment in a world of its own; `crash` names the write at which the controller dies. */
export async function runToEnd(
  spec: SpecInput,
  options: WorldOptions,
  crash?: World['writes']['crashAt'],
): Promise<World> {
  const world = new World(options);
  world.writes.crashAt = crash;
  world.cluster.apply(experiment(spec));
  world.start();
  await world.finish();
  await settleDown(world);
  return world;
}

/** What is left to do after the end: pods and checkpoints. */
export async function settleDown(world: World): Promise<void> {
  for (let i = 0; i < 5; i++) await world.step();
}
