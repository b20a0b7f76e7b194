// Chance from a seed: sfc32, a small fast generator by Chris Doty-Humphrey. The same seed gives the
// same run.
import { assert } from '../../base/assert.ts'
import type { Chance } from '../chance.ts'

export class SimChance implements Chance {
  readonly seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.seed = seed
    this.#a = 0
    this.#b = seed | 0
    this.#c = Math.floor(seed / 2 ** 32) | 0
    for (let i = 0; i < 15; i++) this.#next()
  }

  int(below: number): number {
    assert(Number.isInteger(below) && below >= 1 && below <= 2 ** 31, `no number below ${below}`)
    return Math.floor((this.#next() / 2 ** 32) * below)
  }

  uuid(): string {
    const bytes = this.bytes(16)
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const variant = '89ab'[this.int(4)]
    return `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17)}`
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.int(256))
  }

  /** True once in `n` times on average; never for 0. */
  oneIn(n: number): boolean {
    return n > 0 && this.int(n) === 0
  }

  #next(): number {
    const result = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) | 0
    return result >>> 0
  }
}
