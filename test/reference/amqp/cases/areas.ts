// The areas of the suite in the order in which their answers stand.
import type { Cases } from '../case.ts'
import { access } from './access.ts'
import { channel } from './channel.ts'
import { connection } from './connection.ts'
import { consumers } from './consume.ts'
import { deadLetter } from './dead-letter.ts'
import { copies, directReply } from './direct-reply.ts'
import { exchange } from './exchange.ts'
import { frames } from './frames.ts'
import { ownership } from './ownership.ts'
import { publish } from './publish.ts'
import { queue } from './queue.ts'
import { quorum } from './quorum.ts'
import { routing } from './routing.ts'
import { settle } from './settle.ts'
import { streams } from './streams.ts'
import { length, priority, ttl } from './time.ts'
import { tx } from './tx.ts'

export const areas: Readonly<Record<string, Cases>> = {
  connection,
  frames,
  channel,
  exchange,
  queue,
  ownership,
  routing,
  publish,
  consumers,
  settle,
  ttl,
  length,
  priority,
  deadLetter,
  tx,
  directReply,
  copies,
  access,
  quorum,
  streams,
}
