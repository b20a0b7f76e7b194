// What a connection tells its client unasked, and what has to wait behind an answer: a consumer
// that goes with the queue that its own connection deletes is told so after delete-ok. One for each
// connection, which has one method in flight at a time.

export class Told {
  /** Null: nothing is held back. */
  private held: (() => void)[] | null = null

  /** From now on what is told waits for `release`. */
  hold(): void {
    this.held ??= []
  }

  tell(write: () => void): void {
    if (this.held === null) write()
    else this.held.push(write)
  }

  /** The answer is written. */
  release(): void {
    const { held } = this
    this.held = null
    for (const write of held ?? []) write()
  }
}
