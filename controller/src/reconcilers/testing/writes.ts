/** Thrown out of a write at which the controller dies. */
export class Crash extends Error {}

/** Numbers all writes of a run and lets the controller die at one of them. */
export class Writes {
  readonly names: string[] = [];
  /** Die at the write with this number, before or after it took effect. */
  crashAt: { readonly number: number; readonly when: 'before' | 'after' } | undefined;
  /** Called at the crash; from then on every write fails until `revive`. */
  onCrash: (() => void) | undefined;
  private isDead = false;

  async run<T>(name: string, work: () => T): Promise<T> {
    // An answer takes time: others get a turn between the decision and the effect.
    await Promise.resolve();
    if (this.isDead) throw new Crash('the controller is dead');
    const dies = this.crashAt?.number === this.names.length ? this.crashAt.when : undefined;
    this.names.push(name);
    if (dies === 'before') this.die();
    const result = work();
    if (dies === 'after') this.die();
    await Promise.resolve();
    return result;
  }

  revive(): void {
    this.isDead = false;
    this.crashAt = undefined;
  }

  private die(): never {
    this.isDead = true;
    this.onCrash?.();
    throw new Crash('killed');
  }
}
