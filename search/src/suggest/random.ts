import { generatorFor } from '../numeric/generator.ts';
import { absorb, hashText } from '../numeric/hash.ts';
import { buildConfiguration } from '../space/configuration.ts';
import type { Configuration } from '../space/dimension.ts';
import { valueAt } from '../space/domain.ts';
import type { Space } from '../space/space.ts';
import type { Algorithm } from './algorithm.ts';

const PURPOSE = hashText('random');

/** Independent uniform draws, each on its dimension's own scale. */
export const random: Algorithm = {
  name: 'random',
  version: 1,
  usesHistory: false,
  usesSeed: true,
  check: () => [],
  propose: ({ space, seed }, _history, index) => ({
    kind: 'proposed',
    configuration: drawConfiguration(space, seed, index),
  }),
};

/**
 * The random configuration of an index. Each dimension has a stream keyed by its name, so adding or
 * moving one changes no value of another.
 */
export function drawConfiguration(space: Space, seed: number, index: number): Configuration {
  return buildConfiguration(space, ({ domain, key }) => {
    if (domain.kind === 'list' && domain.size === 1) return valueAt(domain, 0);
    return valueAt(domain, generatorFor(seed, index, absorb(PURPOSE, key)).nextUnit());
  });
}
