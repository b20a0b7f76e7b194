// Is this a record batch, and does its header hold together? Every length is held against the bytes
// that are there before it is used. The first half of admitting a batch; see batch-admission.ts.

import type { TopicSettings } from '../model/config/topic-settings.ts'
import { type Refusal, refuse } from '../model/errors.ts'
import { noProducerEpoch } from '../model/ids.ts'
import { type BatchHeader, headerBytes } from '../model/record-batch.ts'

/** Length and offset, then a length, a leader epoch, a magic and a byte: nothing is smaller. */
const recordSizeMin = 26
/** Where the base offset and the length of a batch end. */
const lengthEnd = 12
const magicAt = 16

/** What is no batch for this log at all, whatever is in it. */
export function checkShape(
  header: BatchHeader,
  bytes: Uint8Array,
  settings: TopicSettings,
): Refusal | null {
  if (bytes.length < headerBytes)
    return refuse('invalidRecord', `${bytes.length} bytes are too few for a record batch`)
  header.moveTo(bytes)
  // The codes are Kafka's, which first looks for batches, and then at what it found.
  if (header.bytes < recordSizeMin)
    return refuse('corruptBatch', `the batch claims to have ${header.bytes} bytes`)
  if (header.bytes > bytes.length)
    return refuse('invalidRecord', `the batch claims ${header.bytes} bytes, ${bytes.length} came`)
  if (header.magic !== 2)
    return refuse(
      header.magic === 0 || header.magic === 1 ? 'invalidRecord' : 'corruptBatch',
      `magic ${header.magic} is not accepted, only 2`,
    )
  if (header.bytes < headerBytes)
    return refuse('corruptBatch', `${header.bytes} bytes are too few for a record batch`)
  const second = checkRest(bytes.subarray(header.bytes))
  if (second !== null) return second
  if (header.bytes > settings.batchBytesMax)
    return refuse(
      'messageTooLarge',
      `the batch has ${header.bytes} bytes, max.message.bytes is ${settings.batchBytesMax}`,
    )
  if (header.checksum() !== header.crc)
    return refuse('corruptBatch', 'the checksum of the batch does not match its bytes')
  return null
}

/** Of no moment in this age; and JavaScript's numbers end there. */
const isBeyondTime = (timestampMs: number): boolean => !Number.isSafeInteger(timestampMs)

/** What comes behind the batch may be the beginning of another one, of which nothing is kept. */
function checkRest(rest: Uint8Array): Refusal | null {
  if (rest.length < lengthEnd) return null
  const view = new DataView(rest.buffer, rest.byteOffset, rest.length)
  const bytes = view.getInt32(8) + lengthEnd
  if (bytes < recordSizeMin)
    return refuse('corruptBatch', `the second batch claims to have ${bytes} bytes`)
  if (rest.length <= magicAt) return null
  if (view.getUint8(magicAt) > 2)
    return refuse('corruptBatch', `the second batch has magic ${view.getInt8(magicAt)}`)
  if (bytes > rest.length) return null
  return refuse('invalidRecord', 'a partition takes exactly one record batch in a request')
}

/** What the header says of its records and of who sent them. */
export function checkHeader(header: BatchHeader): Refusal | null {
  const count = header.recordCount
  if (count <= 0) return refuse('invalidRecord', `the batch claims ${count} records`)
  if (header.lastOffsetDelta !== count - 1)
    return refuse(
      'invalidRecord',
      `the last offset delta is ${header.lastOffsetDelta}, but there are ${count} records`,
    )
  if (header.baseOffset !== 0)
    return refuse('invalidRecord', `the base offset must be 0, not ${header.baseOffset}`)
  if (header.isControl) return refuse('invalidRecord', 'clients may not write control records')
  if (header.isTransactional) return refuse('transactionsNotSupported')
  if (header.compression === null)
    return refuse('invalidRecord', `no codec has the number ${header.attributes & 7}`)
  if ([header.baseTimestamp, header.maxTimestamp].some(isBeyondTime))
    return refuse(
      'invalidTimestamp',
      'a timestamp of the batch is too far from 1970: as ms its size must be below 2^53',
    )
  if (header.producerId < 0) return null
  if (header.producerEpoch < noProducerEpoch)
    return refuse('invalidProducerEpoch', `no producer has the epoch ${header.producerEpoch}`)
  if (header.baseSequence < 0)
    return refuse('invalidRecord', 'a batch with a producer id needs a sequence')
  return null
}
