// One broker that can be started beside another: what the benchmarks, the client suite and the
// behaviour suite know of it. A peer is a recipe; a running peer is one process with its data.
import type { Exit } from './child.ts'

export interface PeerOptions {
  /** Port of the Kafka listener on 127.0.0.1; a free one if absent. */
  readonly port?: number
  /** Further broker settings, in Kafka's names. */
  readonly settings?: Readonly<Record<string, string>>
  /** How long the start may take; recovery after a kill needs more than the default. */
  readonly readyMsMax?: number
}

export interface RunningPeer {
  readonly pid: number
  readonly port: number
  /** `127.0.0.1:PORT`. */
  readonly bootstrap: string
  /** From exec to the first ApiVersions answer. */
  readonly readyMs: number
  /** SIGTERM, and the end of the process. */
  stop(): Promise<Exit>
  /** SIGKILL, and the end of the process: what a crash leaves is in the data directory. */
  kill(): Promise<Exit>
}

export interface Peer {
  readonly name: string
  /** What an acknowledgement with acks=all means there, in one sentence. */
  readonly acknowledgement: string
  /** Configuration that each topic of a comparison is created with. */
  readonly topicConfig: Readonly<Record<string, string>>
  /** Starts it on a data directory, which is made if absent and kept. */
  start(dataDir: string, options?: PeerOptions): Promise<RunningPeer>
}

export const readyMsMaxDefault = 60_000
