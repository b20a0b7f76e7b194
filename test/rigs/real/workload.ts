// What the rigs of real processes ask of the load that they put on a broker: how to start one, what
// loads it, what that wrote down, and whether a broker that comes back holds what it must.
import type { RunningPeer } from '../../../scripts/peers/peer.ts'

export interface Workload<Ledger> {
  start(dataDir: string): Promise<RunningPeer>
  /** Makes what the load needs, on a broker that is new. */
  prepare(broker: RunningPeer): Promise<void>
  /** The script of a process that loads it: `ADDRESS LEDGER NAME SEED`. */
  readonly loader: string
  address(broker: RunningPeer): string
  readLedger(path: string): Ledger
  /** What it counts as acknowledged. */
  acknowledged(ledger: Ledger): number
  /**
   * What is wrong, in lines. `required`: written down before the crash; `allowed`: all, the last
   * moment included.
   */
  verify(broker: RunningPeer, required: Ledger, allowed: Ledger): Promise<string[]>
}
