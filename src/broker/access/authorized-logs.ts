// Records as one user may append and read them. A request of which everything is allowed, as
// nearly every one is, goes on as it came; of another the rest goes on, and what is refused is told
// at its place in the answer.
import type { AppendOutcome } from '../../model/append-outcome.ts'
import type { Result } from '../../model/errors.ts'
import type { PartitionId } from '../../model/ids.ts'
import type { Topic } from '../../model/topic.ts'
import type {
  AppendRequest,
  FetchAnswer,
  FetchOutcome,
  FetchRequest,
  Logs,
  OffsetAnswer,
  OffsetSpec,
  PartitionSize,
  PendingFetch,
  RequiredAcks,
  Right,
} from '../api.ts'
import type { Subject } from './subject.ts'

const unread: FetchOutcome = {
  error: 'accessRefused',
  highWatermark: -1,
  lastStableOffset: -1,
  logStartOffset: -1,
  diverging: null,
  records: [],
  recordBytes: 0,
}

export class AuthorizedLogs implements Logs {
  readonly #logs: Logs
  readonly #subject: Subject

  constructor(logs: Logs, subject: Subject) {
    this.#logs = logs
    this.#subject = subject
  }

  append(
    requests: readonly AppendRequest[],
    acks: RequiredAcks,
    reply: (outcomes: readonly AppendOutcome[]) => void,
  ): boolean {
    const allowed = this.#allowed(requests, 'write')
    if (allowed === null) return this.#logs.append(requests, acks, reply)
    const rest = requests.filter((_, i) => allowed[i])
    return this.#logs.append(rest, acks, (outcomes) => {
      let next = 0
      reply(
        requests.map(({ topic }, i) => {
          const outcome = allowed[i] ? outcomes[next++] : undefined
          return outcome ?? this.#unwritten(topic)
        }),
      )
    })
  }

  #unwritten({ name }: Topic): AppendOutcome {
    return {
      error: 'accessRefused',
      baseOffset: -1,
      appendTimeMs: -1,
      logStartOffset: -1,
      recordErrors: [],
      message: this.#subject.refusal('write', name).message,
    }
  }

  isHeldUp(bytes: number): boolean {
    return this.#logs.isHeldUp(bytes)
  }

  get readsWait(): boolean {
    return this.#logs.readsWait
  }

  whenTaken(action: () => void): void {
    this.#logs.whenTaken(action)
  }

  fetch(request: FetchRequest, reply: (answer: FetchAnswer) => void): PendingFetch | null {
    const allowed = this.#allowed(request.partitions, 'read')
    const { version } = this.#subject
    const answered = (answer: FetchAnswer): void => {
      // Records may have been waited for, and the right taken away meanwhile.
      const isSame = this.#subject.version === version
      reply(isSame ? answer : this.#stillAllowed(request.partitions, answer))
    }
    if (allowed === null) return this.#logs.fetch(request, answered)
    const partitions = request.partitions.filter((_, i) => allowed[i])
    return this.#logs.fetch({ ...request, partitions }, (answer) => {
      let next = 0
      const outcomes = allowed.map((is) => (is ? answer.outcomes[next++] : undefined) ?? unread)
      answered({ outcomes, release: () => answer.release() })
    })
  }

  #stillAllowed(partitions: FetchRequest['partitions'], answer: FetchAnswer): FetchAnswer {
    const allowed = this.#allowed(partitions, 'read')
    if (allowed === null) return answer
    const outcomes = answer.outcomes.map((outcome, i) => (allowed[i] ? outcome : unread))
    return { outcomes, release: () => answer.release() }
  }

  async offsetFor(
    topic: Topic,
    partition: PartitionId,
    spec: OffsetSpec,
    committedOnly: boolean,
    currentLeaderEpoch: number,
  ): Promise<Result<OffsetAnswer>> {
    if (!this.#subject.maySee(topic.name)) return this.#subject.refusal('see', topic.name)
    return this.#logs.offsetFor(topic, partition, spec, committedOnly, currentLeaderEpoch)
  }

  endOfEpoch(
    topic: Topic,
    partition: PartitionId,
    epoch: number,
    currentLeaderEpoch: number,
  ): Result<{ epoch: number; endOffset: number }> {
    if (!this.#subject.maySee(topic.name)) return this.#subject.refusal('see', topic.name)
    return this.#logs.endOfEpoch(topic, partition, epoch, currentLeaderEpoch)
  }

  async deleteRecords(
    topic: Topic,
    partition: PartitionId,
    before: number,
  ): Promise<Result<{ logStartOffset: number }>> {
    if (!this.#subject.mayTopic('configure', topic.name))
      return this.#subject.refusal('configure', topic.name)
    return this.#logs.deleteRecords(topic, partition, before)
  }

  sizes(topic: Topic): readonly PartitionSize[] {
    return this.#subject.maySee(topic.name) ? this.#logs.sizes(topic) : []
  }

  /** Null: all of them. Partitions of one topic stand together, and are asked for once. */
  #allowed(asked: readonly { readonly topic: Topic }[], right: Right): boolean[] | null {
    let last: Topic | null = null
    let may = false
    let isAll = true
    const allowed = asked.map(({ topic }) => {
      if (topic !== last) may = this.#subject.mayTopic(right, topic.name)
      last = topic
      isAll &&= may
      return may
    })
    return isAll ? null : allowed
  }
}
