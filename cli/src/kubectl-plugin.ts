import type { Command } from 'commander';
import type { Channel } from './channel.ts';
import type { Surroundings } from './surroundings.ts';

/** How the program is called when kubectl starts it: `kubectl-espalier` on the PATH. */
const CALLED = 'kubectl espalier';

/** Surroundings in which what is said to people names the program as they call it. */
export function asPlugin(surroundings: Surroundings): Surroundings {
  return { ...surroundings, stderr: new RenamedChannel(surroundings.stderr) };
}

/** Commands to copy: `espalier` before a verb or a flag, not in a path, a name or an address. */
export function asCalled(text: string): string {
  return text.replaceAll(/(?<![\w./@-]|kubectl )espalier (?=[a-z]|--|<)/g, `${CALLED} `);
}

/**
 * Whoever uses kubectl means the cluster: verbs that can look at one do, unless a folder or this machine
 * is named.
 */
export function clusterFirst(program: Command): void {
  program.hook('preAction', (_program, command) => {
    const options = command.opts<{ dir?: string; local?: boolean; print?: boolean }>();
    const has = (flag: string) => command.options.some(({ long }) => long === flag);
    const canLook = has('--cluster');
    // A manifest of flags alone is of no place; one that comes of an Experiment is of its cluster.
    const isPrinted = options.print === true && has('--local');
    const isElsewhere = options.dir !== undefined || options.local === true || isPrinted;
    if (canLook && !isElsewhere) command.setOptionValue('cluster', true);
  });
}

class RenamedChannel implements Channel {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  get isTerminal(): boolean {
    return this.#channel.isTerminal;
  }

  get canRedraw(): boolean {
    return this.#channel.canRedraw;
  }

  get paint(): Channel['paint'] {
    return this.#channel.paint;
  }

  write(text: string): void {
    this.#channel.write(asCalled(text));
  }

  flush(): Promise<void> {
    return this.#channel.flush();
  }

  size(): ReturnType<Channel['size']> {
    return this.#channel.size();
  }

  onResize(listener: () => void): () => void {
    return this.#channel.onResize(listener);
  }
}
