export type ParameterValue = number | string | boolean;

/** A configuration: the active parameters only, in declaration order. */
export type Configuration = Readonly<Record<string, ParameterValue>>;

/** A dimension is active exactly if its parent is active and has one of the listed values. */
export interface When {
  readonly parent: string;
  readonly in: readonly ParameterValue[];
}

export type Scale = 'linear' | 'log';

export interface FixedDomain {
  readonly kind: 'fixed';
  readonly type: 'float' | 'int' | 'string' | 'bool';
  readonly value: ParameterValue;
}

/** Both bounds are inclusive; `step` (linear only) restricts values to min, min + step, ... */
export interface RangeDomain {
  readonly kind: 'float' | 'int';
  readonly min: number;
  readonly max: number;
  readonly scale: Scale;
  readonly step?: number;
}

/** Numbers in a meaningful order: neighbours in the list are neighbours in the search. */
export interface OrdinalDomain {
  readonly kind: 'ordinal';
  readonly type: 'float' | 'int';
  readonly values: readonly number[];
}

/** Values without an order. */
export interface CategoricalDomain {
  readonly kind: 'categorical';
  readonly type: 'string' | 'bool';
  readonly values: readonly (string | boolean)[];
}

export type DeclaredDomain = FixedDomain | RangeDomain | OrdinalDomain | CategoricalDomain;

/** One parameter as declared; `checkSpace` says what is wrong with it. */
export type Dimension = { readonly name: string; readonly when?: When } & DeclaredDomain;
