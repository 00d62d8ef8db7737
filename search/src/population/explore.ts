import { type Generator, generatorFor } from '../numeric/generator.ts';
import { absorb, hashText, wordOf } from '../numeric/hash.ts';
import { buildConfiguration } from '../space/configuration.ts';
import type { Configuration, ParameterValue } from '../space/dimension.ts';
import { numberOfValue, valueAt, valueNumber } from '../space/domain.ts';
import { findWithin } from '../space/feasible.ts';
import type { SpaceDimension } from '../space/space.ts';
import { unitDomain } from '../space/unit.ts';
import type { Problem } from '../suggest/problem.ts';

const PURPOSE = hashText('population-explore');
const FACTORS = [0.8, 1.2] as const;

/**
 * The configuration of a member that goes on from a donor: each parameter is drawn anew with a
 * probability, else a number is multiplied by 0.8 or 1.2 and clipped, and moves by one value at least
 * where it has numbered ones. What has no order is always drawn anew. It lies in the space and within
 * its limits, and the same arguments give the same one.
 *
 * @see Jaderberg et al., "Population Based Training of Neural Networks" (2017), 4.1.
 */
export function explore(
  { space, seed, limits }: Problem,
  donor: Configuration,
  index: number,
  resampleProbability: number,
): Configuration {
  const draw = (attempt: number) =>
    buildConfiguration(space, (dimension) => {
      const purpose = absorb(PURPOSE, absorb(dimension.key, wordOf(attempt)));
      const generator = generatorFor(seed, index, purpose);
      const value = Object.hasOwn(donor, dimension.name) ? donor[dimension.name] : undefined;
      const isNew = generator.nextUnit() < resampleProbability;
      if (value === undefined || isNew) return valueAt(dimension.domain, generator.nextUnit());
      return perturbed(dimension, value, generator);
    });
  return findWithin(space, limits, draw) ?? donor;
}

function perturbed(
  { domain }: SpaceDimension,
  value: ParameterValue,
  generator: Generator,
): ParameterValue {
  const unit = generator.nextUnit();
  const isUp = unit >= 0.5;
  const factor = FACTORS[isUp ? 1 : 0];
  switch (domain.kind) {
    case 'continuous': {
      // Nothing that is multiplied leaves zero.
      if (typeof value !== 'number' || value === 0) return valueAt(domain, generator.nextUnit());
      return Math.min(Math.max(value * factor, domain.min), domain.max);
    }
    case 'lattice': {
      if (typeof value !== 'number') return valueAt(domain, generator.nextUnit());
      const { fromUnit, toUnit } = unitDomain(domain);
      const moved = fromUnit(toUnit(Math.min(Math.max(value * factor, domain.min), domain.max)));
      const isMoved = value !== 0 && moved !== value;
      return isMoved ? moved : neighbour(domain, value, value < 0 !== isUp);
    }
    case 'list':
      if (domain.size === 1) return value;
      return domain.isOrdered
        ? neighbour(domain, value, isUp)
        : valueAt(domain, generator.nextUnit());
  }
}

/** The next value of a numbered domain; at the end of it the value itself. */
function neighbour(
  domain: SpaceDimension['domain'],
  value: ParameterValue,
  isUp: boolean,
): ParameterValue {
  const position = numberOfValue(domain, value);
  const size = domain.kind === 'continuous' ? 0 : domain.size;
  if (position < 0) return value;
  return valueNumber(domain, Math.min(Math.max(position + (isUp ? 1 : -1), 0), size - 1));
}
