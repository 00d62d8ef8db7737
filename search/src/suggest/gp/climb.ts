import { minimise } from '../../numeric/lbfgs.ts';
import type { UnitDomain } from '../../space/unit.ts';
import type { Acquisition } from './acquisition.ts';
import { type Move, modelRow } from './moves.ts';

/** What a local search needs to know of the space and the model. */
export interface Terrain {
  readonly acquisition: Acquisition;
  readonly moves: readonly Move[];
  readonly domains: readonly UnitDomain[];
  readonly isChoice: Uint8Array;
  /** By dimension: 1 / squared length scale, by which steps are scaled. */
  readonly relevances: Float64Array;
}

/** A configuration by its coordinates, NaN where inactive, and what it promises. */
export interface Peak {
  readonly units: Float64Array;
  readonly value: number;
}

const ROUNDS = 3;
const EVALUATIONS = 24;
const GRADIENT_TOLERANCE = 1e-3;

/**
 * Climbs from a configuration to one that no small move betters: in turn all that slide together,
 * and each list value by value. Which dimensions are active stays as it is; never worse than the
 * start, but for rounding.
 */
export function climb(terrain: Terrain, start: Float64Array): Peak {
  let units = start;
  for (let round = 0; round < ROUNDS; round++) {
    const slid = slide(terrain, units);
    const jumped = jump(terrain, slid);
    units = jumped;
    if (jumped.every((unit, d) => Object.is(unit, slid[d]))) break;
  }
  const rounded = units.map((unit, d) => {
    const { fromUnit, toUnit } = terrain.domains[d] as UnitDomain;
    return Number.isNaN(unit) ? unit : toUnit(fromUnit(unit));
  });
  return { units: rounded, value: terrain.acquisition(modelRow(rounded, terrain.isChoice)) };
}

function slide({ acquisition, moves, isChoice, relevances }: Terrain, start: Float64Array) {
  const sliding = [...moves.keys()].filter(
    (d) => moves[d]?.kind === 'slide' && !Number.isNaN(start[d] as number),
  );
  if (sliding.length === 0) return start;
  // In units of length scales all directions are about equally steep.
  const scales = sliding.map((d) => Math.sqrt(relevances[d] as number));
  const row = modelRow(start, isChoice);
  const slopes = new Float64Array(row.length);
  const objective = (x: Float64Array, gradient: Float64Array) => {
    for (const [i, d] of sliding.entries()) row[d] = (x[i] as number) / (scales[i] as number);
    const value = acquisition(row, slopes);
    for (const [i, d] of sliding.entries()) {
      gradient[i] = -(slopes[d] as number) / (scales[i] as number);
    }
    return -value;
  };
  const first = Float64Array.from(sliding, (d, i) => (start[d] as number) * (scales[i] as number));
  const box = { lower: new Float64Array(sliding.length), upper: Float64Array.from(scales) };
  const budget = { evaluations: EVALUATIONS, gradientTolerance: GRADIENT_TOLERANCE };
  const { x } = minimise(objective, first, box, budget);
  const units = start.slice();
  for (const [i, d] of sliding.entries()) {
    units[d] = Math.min((x[i] as number) / (scales[i] as number), 1);
  }
  return units;
}

function jump({ acquisition, moves, isChoice }: Terrain, start: Float64Array): Float64Array {
  const units = start.slice();
  const row = modelRow(units, isChoice);
  let best: number | undefined;
  for (const [d, move] of moves.entries()) {
    if (move.kind !== 'jump' || Number.isNaN(units[d] as number)) continue;
    best ??= acquisition(row);
    for (const unit of move.units) {
      const before = units[d] as number;
      if (unit === before) continue;
      row[d] = unit;
      const value = acquisition(row);
      if (value > best) {
        best = value;
        units[d] = unit;
      } else {
        row[d] = before;
      }
    }
  }
  return units;
}
