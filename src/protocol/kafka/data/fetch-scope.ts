// What one Fetch is about: the partitions that it names itself, or those of its session. By session
// id and epoch (KIP-227):
//
//   epoch -1           no session; ends the one that is named; (0, -1) is plain fetching
//   epoch  0           begins a session with the partitions named; ends the one that is named
//   epoch  n > 0       goes on with a session: the request says only what changes

import type { FetchOutcome } from '../../../broker/api.ts'
import { errorCodes, kafkaCodes } from '../errors.ts'
import {
  type FetchSession,
  type FetchSessions,
  partitionKey,
  type WantedPartition,
} from '../fetch-sessions.ts'
import type { FetchRequest } from '../schema/fetch.ts'

const finalEpoch = -1
const firstEpoch = 0

export class FetchScope {
  readonly wanted: readonly WantedPartition[]
  private readonly session: FetchSession | null
  /** Whether partitions without news are left out. */
  private readonly isIncremental: boolean

  private constructor(
    wanted: readonly WantedPartition[],
    session: FetchSession | null,
    isIncremental: boolean,
  ) {
    this.wanted = wanted
    this.session = session
    this.isIncremental = isIncremental
  }

  /** The scope of a request, or the error code that answers it. */
  static open(
    sessions: FetchSessions,
    request: FetchRequest,
    usesTopicIds: boolean,
  ): FetchScope | number {
    const { sessionId, sessionEpoch } = request
    if (sessionEpoch !== finalEpoch && sessionEpoch !== firstEpoch)
      return FetchScope.goOn(sessions, request, usesTopicIds)
    if (sessionId !== 0) sessions.remove(sessionId)
    const wanted = partitionsOf(request, usesTopicIds)
    const session = sessionEpoch === firstEpoch ? sessions.create(wanted, usesTopicIds) : null
    return new FetchScope(wanted, session, false)
  }

  private static goOn(
    sessions: FetchSessions,
    request: FetchRequest,
    usesTopicIds: boolean,
  ): FetchScope | number {
    const session = sessions.find(request.sessionId)
    if (session === null) return errorCodes.fetchSessionNotFound
    if (session.usesTopicIds !== usesTopicIds) return kafkaCodes.fetchSessionTopicIdError
    if (session.epoch !== request.sessionEpoch) return errorCodes.invalidFetchSessionEpoch
    session.advance()
    const wanted = partitionsOf(request, usesTopicIds)
    const hasRoom = sessions.update(session, wanted, forgottenOf(request, usesTopicIds))
    if (session.size === 0) sessions.remove(session.id)
    return hasRoom
      ? new FetchScope(session.partitions(), session.size === 0 ? null : session, true)
      : errorCodes.fetchSessionNotFound
  }

  /** 0 without a session. */
  get sessionId(): number {
    return this.session?.id ?? 0
  }

  /**
   * Whether the answer names this partition. `outcome` undefined: it was refused before the log.
   */
  tells(wanted: WantedPartition, outcome: FetchOutcome | undefined): boolean {
    const { session } = this
    if (session === null) return true
    if (outcome === undefined || outcome.error !== null) {
      session.failed(wanted)
      return true
    }
    const isNews = session.isNews(wanted, outcome.highWatermark, outcome.logStartOffset)
    if (outcome.recordBytes > 0) session.served(wanted)
    if (!this.isIncremental) return true
    return isNews || outcome.recordBytes > 0 || outcome.diverging !== null
  }
}

/** As in Kafka, of a partition that is named again the last wish counts, in the first's place. */
function partitionsOf(request: FetchRequest, usesTopicIds: boolean): WantedPartition[] {
  const wanted = new Map<string, WantedPartition>()
  for (const { topic, topicId, partitions } of request.topics)
    for (const each of partitions) {
      const called = usesTopicIds ? topicId : topic
      wanted.set(partitionKey(called, each.partition), {
        topic: called,
        partition: each.partition,
        offset: Number(each.fetchOffset),
        maxBytes: each.partitionMaxBytes,
        currentLeaderEpoch: each.currentLeaderEpoch,
        lastFetchedEpoch: each.lastFetchedEpoch,
      })
    }
  return [...wanted.values()]
}

function forgottenOf(request: FetchRequest, usesTopicIds: boolean) {
  return request.forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map((partition) => ({ topic: usesTopicIds ? topicId : topic, partition })),
  )
}
