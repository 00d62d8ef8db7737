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

/** The key of a NAME argument, which may be written as `-o name` prints it. */
export function keyOf(name: string, { namespace = 'default' }: Partial<Place>): Key {
  return { namespace, name: name.replace(/^(experiment|trial)s?(\.espalier\.dev)?\//, '') };
}
