// A pattern that remembers what it said of the names that it was asked for last, so that a name
// that comes with every message costs one look-up. Compiled when it is first asked; never changed:
// new permissions are new patterns. Made by the access image.
import type { PatternCompiler } from './name-pattern.ts'

const rememberedMax = 1024
/** Names that are longer are looked at each time: clients choose them, and they take memory. */
const rememberedLengthMax = 255
/** Nothing has a longer name. */
const nameLengthMax = 1024

export class CachedPattern {
  readonly #text: string
  readonly #compiler: PatternCompiler
  readonly #remembered = new Map<string, boolean>()
  #matches: ((name: string) => boolean) | null = null

  constructor(text: string, compiler: PatternCompiler) {
    this.#text = text
    this.#compiler = compiler
  }

  matches(name: string): boolean {
    if (name.length > nameLengthMax) return false
    const known = this.#remembered.get(name)
    if (known !== undefined) return known
    this.#matches ??= this.#compiler.compile(this.#text).matches
    const said = this.#matches(name)
    if (name.length > rememberedLengthMax) return said
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear()
    this.#remembered.set(name, said)
    return said
  }
}
