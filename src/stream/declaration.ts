// What the arguments of a stream's declaration mean for its topic. A stream keeps everything unless
// it is told otherwise, as in RabbitMQ; a topic that Kafka's clients make has their defaults.
import { ok, type Result, refuse } from '../model/errors.ts'
import { type FieldTable, integerOf, textOf } from '../model/message/field.ts'
import { intervalMs } from './interval.ts'

/** The largest message that a client may split into frames; the journal may take less. */
const messageBytesMax = 128 << 20
/** Smaller segments than a MiB cost more files than they are worth. */
const segmentBytesMin = 1 << 20
const segmentBytesMax = 0x7fffffff

export const clampedSegmentBytes = (wished: number): number =>
  Math.max(segmentBytesMin, Math.min(wished, segmentBytesMax))

/** Configuration keys of the topic. Refused: `preconditionFailed`. */
export function topicConfigOf(wishes: FieldTable): Result<(readonly [string, string])[]> {
  const age = wishes.get('x-max-age')
  const ageMs = age === undefined ? -1 : intervalMs(textOf(age) ?? '')
  if (ageMs === null)
    return refuse('preconditionFailed', "x-max-age is digits and one of Y, M, D, h, m, s: '7D'")
  const bytes = numberOf(wishes, 'x-max-length-bytes', -1)
  if (!bytes.ok) return bytes
  const segment = numberOf(wishes, 'x-stream-max-segment-size-bytes', null)
  if (!segment.ok) return segment
  const config: (readonly [string, string])[] = [
    ['cleanup.policy', 'delete'],
    ['retention.ms', String(ageMs)],
    ['retention.bytes', String(bytes.value ?? -1)],
    ['max.message.bytes', String(messageBytesMax)],
  ]
  if (segment.value !== null) {
    config.push(['segment.bytes', String(clampedSegmentBytes(segment.value))])
  }
  return ok(config)
}

function numberOf(wishes: FieldTable, name: string, absent: number | null): Result<number | null> {
  const value = wishes.get(name)
  if (value === undefined) return ok(absent)
  const number = integerOf(value)
  if (number !== null && number >= 0 && Number.isSafeInteger(number)) return ok(number)
  return refuse('preconditionFailed', `${name} is a number of bytes`)
}
