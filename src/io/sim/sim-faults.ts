// What goes wrong on a simulated disk: by rates, drawn from the seed, or armed by a test for the
// next call.
import { DiskError } from '../disk.ts'
import type { SimChance } from './sim-chance.ts'

export type SimOperation = 'open' | 'read' | 'write' | 'sync' | 'truncate' | 'names'

/** One in how many calls fails or is slow, 0 for never. */
export interface SimFaultRates {
  readonly failedWriteOneIn?: number
  readonly failedSyncOneIn?: number
  readonly slowOneIn?: number
}

interface Armed {
  readonly operation: SimOperation
  readonly code: string
}

export class SimFaults {
  readonly rates: SimFaultRates
  #armed: Armed[] = []

  constructor(rates: SimFaultRates) {
    this.rates = rates
  }

  /** Makes the next `operation` fail with `code` (EIO, ENOSPC, ...). */
  failNext(operation: SimOperation, code: string): void {
    this.#armed.push({ operation, code })
  }

  /** The error that this call shall end with, if any. */
  draw(operation: SimOperation, path: string, chance: SimChance): DiskError | null {
    const at = this.#armed.findIndex((armed) => armed.operation === operation)
    const code = at >= 0 ? this.#armed.splice(at, 1)[0]?.code : this.#drawCode(operation, chance)
    return code === undefined ? null : new DiskError(code, `${operation} ${path}: simulated`)
  }

  #drawCode(operation: SimOperation, chance: SimChance): string | undefined {
    const { failedWriteOneIn = 0, failedSyncOneIn = 0 } = this.rates
    if (operation === 'write' && chance.oneIn(failedWriteOneIn)) return drawCode(chance)
    if (operation === 'sync' && chance.oneIn(failedSyncOneIn)) return drawCode(chance)
    return undefined
  }
}

function drawCode(chance: SimChance): string {
  return chance.int(2) === 0 ? 'EIO' : 'ENOSPC'
}
