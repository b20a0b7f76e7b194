// One change at a time: what declares, binds or deletes in a vhost looks at it, waits for the disk,
// and then changes it, and nobody comes between; so does what counts, before there is one more.
// What is first in an idle lane begins at once. Vhosts, policies and accounts have theirs, and so
// has what writes segments anew.
export class Lane {
  readonly #waiting: (() => Promise<void>)[] = []
  #isBusy = false

  run<T>(action: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => action().then(resolve, reject))
      if (!this.#isBusy) void this.#work()
    })
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.run(() => Promise.resolve())
  }

  async #work(): Promise<void> {
    this.#isBusy = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      await next()
    this.#isBusy = false
  }
}
