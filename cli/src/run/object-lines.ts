import type { Channel } from '../channel.ts';
import type { Look } from './looks.ts';

interface ApiObject {
  readonly metadata: { readonly uid: string; readonly resourceVersion?: string };
}

/**
 * Prints objects as they change: one line of JSON each, `type` and `object` as the API server's own watch
 * has them. An object that is not among those that are looked at any more is DELETED, whatever the reason.
 */
export class ObjectLines {
  readonly #stdout: Channel;
  #known = new Map<string, ApiObject>();

  constructor(stdout: Channel) {
    this.#stdout = stdout;
  }

  show(objects: readonly ApiObject[]): void {
    const before = this.#known;
    this.#known = new Map(objects.map((object) => [object.metadata.uid, object]));
    for (const [uid, object] of before) if (!this.#known.has(uid)) this.#line('DELETED', object);
    for (const [uid, object] of this.#known) {
      const old = before.get(uid);
      if (old === undefined) this.#line('ADDED', object);
      else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
        this.#line('MODIFIED', object);
      }
    }
  }

  #line(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: ApiObject): void {
    this.#stdout.write(`${JSON.stringify({ type, object })}\n`);
  }
}

/**
 * Prints the objects of each look until there is no other one; troubles are talk, for stderr.
 *
 * @returns what was seen last.
 */
export async function printLooks<T>(
  { stdout, stderr }: { readonly stdout: Channel; readonly stderr: Channel },
  looks: AsyncIterable<Look<T>>,
  objectsOf: (seen: T) => readonly ApiObject[],
  signal: AbortSignal,
): Promise<T | undefined> {
  const lines = new ObjectLines(stdout);
  let last: T | undefined;
  for await (const look of looks) {
    signal.throwIfAborted();
    if (look.kind !== 'seen') {
      stderr.write(`${look.text}\n`);
      continue;
    }
    last = look.seen;
    lines.show(objectsOf(last));
  }
  return last;
}
