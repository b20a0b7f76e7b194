// Values of which thousands are equal, such as what queues are configured with: kept once, by a
// text that tells them apart. What is given out must not change. Forgets all when it knows many, so
// that values which are all different cost nothing for long.
const knownMax = 256

export class Alike<T> {
  readonly #known = new Map<string, T>()

  /** One that is known by this text, or else `value`. */
  same(text: string, value: T): T {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= knownMax) this.#known.clear()
    this.#known.set(text, value)
    return value
  }
}
