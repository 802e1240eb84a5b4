// Ordered start and reverse stop: whoever makes a thing registers its undo on the same screen.
// It knows no part of the gateway, and no signals (cli/serve.ts).

export type Undo = () => Promise<void> | void;

export class Lifecycle {
  readonly #undos: Undo[] = [];
  #stopping: Promise<void> | undefined;

  /** Registers what undoes the step just taken. @throws once a stop has begun: nobody would undo the step any more */
  onStop(undo: Undo): void {
    if (this.#stopping !== undefined) throw new Error('a step was taken after the stop had begun');
    this.#undos.push(undo);
  }

  /**
   * Undoes every step, last first; a failing undo does not keep the others from running. A second call is harmless.
   * @throws AggregateError of what failed, after everything was tried
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#undoAll();
    return this.#stopping;
  }

  async #undoAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.#undos.toReversed()) {
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'some parts did not stop cleanly');
  }
}
