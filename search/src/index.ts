export { importance, type ParameterImportance } from './analysis/importance.ts';
export { type Contestant, leaderboard, type Standing } from './analysis/leaderboard.ts';
export { crowdingDistances } from './pareto/crowding.ts';
export { dominates, type Losses, paretoFront } from './pareto/dominance.ts';
export { explore } from './population/explore.ts';
export {
  donors,
  isPoor,
  type Member,
  type PopulationEntry,
  ranked,
  standings,
} from './population/standings.ts';
export { checkRule, type RuleProblem } from './prune/check-rule.ts';
export { decide } from './prune/decide.ts';
export {
  bracketOf,
  bracketRule,
  checkHyperband,
  type HyperbandRule,
  hyperbandBrackets,
} from './prune/hyperband.ts';
export { MAX_RUNGS, rungMilestones } from './prune/milestones.ts';
export {
  mayPromote,
  type Promotion,
  PromotionTable,
} from './prune/promotion.ts';
export { bestFinite, loss, lossesOf } from './prune/rank.ts';
export type {
  AshaRule,
  MedianRule,
  NoRule,
  OwnEntry,
  PatienceRule,
  PlainRule,
  PromotionRule,
  Rung,
  RungEntry,
  StopRule,
  ThresholdRule,
  Verdict,
  VerdictReason,
} from './prune/rule.ts';
export { RungFold } from './prune/rung-fold.ts';
export { nextRacer, type RaceRule, type Racer, raceRungs, rankRacers } from './race/race.ts';
export { shrunkenMeans } from './race/shrinkage.ts';
export { cardinality, gridSize } from './space/cells.ts';
export { checkSpace } from './space/check.ts';
export { compileSpace } from './space/compile.ts';
export { isInSpace } from './space/configuration.ts';
export { type DimensionText, describeSpace } from './space/describe.ts';
export type {
  CategoricalDomain,
  Configuration,
  Dimension,
  FixedDomain,
  OrdinalDomain,
  ParameterValue,
  RangeDomain,
  Scale,
  When,
} from './space/dimension.ts';
export { checkGiven, type GivenProblem, restrictTo } from './space/given.ts';
export { fulfils, type LimitTerm, type ParameterLimit } from './space/limits.ts';
export type { Space } from './space/space.ts';
export {
  SpaceError,
  type SpaceField,
  type SpaceProblem,
  type SpaceProblemCode,
} from './space/space-problem.ts';
export { type Interval, mean, meanInterval } from './statistics/interval.ts';
export type { AlgorithmInfo, ProblemCode, ProblemIssue } from './suggest/algorithm.ts';
export {
  EMPTY_HISTORY,
  type Goal,
  type History,
  type HistoryEntry,
  type Outcome,
  type Problem,
  type RunningEntry,
  type Suggestion,
} from './suggest/problem.ts';
export { ALGORITHMS, algorithmInfo } from './suggest/registry.ts';
export { checkProblem, SearchError, type SearchErrorCode, suggest } from './suggest/suggest.ts';
