import { invalid } from './failure.ts';

/** Where a command looks, with the namespace that is meant when none is named. */
export interface Place {
  readonly namespace: string;
  /** For messages: the folder, or the server. */
  readonly name: string;
}

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The key of a NAME argument, which may be written as `-o name` prints it.
 *
 * @throws {Failure} if it is empty: to a server it would mean all of them.
 */
export function keyOf(text: string, { namespace = 'default' }: Partial<Place>): Key {
  const name = text.replace(/^(experiment|trial)s?(\.espalier\.dev)?\//, '');
  if (name.trim() !== '') return { namespace, name };
  throw invalid('the name is empty', ['espalier list -o name prints those that there are']);
}
