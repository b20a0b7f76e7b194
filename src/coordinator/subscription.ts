// The topics that consumers subscribe to, read from the metadata of their joins. To the group it is
// opaque, save for this: offsets of a topic that somebody reads must not be deleted. Called by
// Group.
//
//   int16 version | int32 topics | topics x (int16 length | UTF-8)     later versions only append
import { Reader } from '../wire/reader.ts'
import { WireError } from '../wire/wire-error.ts'

/** Least bytes of a topic in the list: its length. */
const topicWidth = 2

/** Null when one of the members cannot be read: then it is not known what the group reads. */
export function subscribedTopics(metadata: readonly Uint8Array[]): ReadonlySet<string> | null {
  try {
    const topics = new Set<string>()
    for (const bytes of metadata) addTopics(bytes, topics)
    return topics
  } catch (e) {
    if (e instanceof WireError) return null
    throw e
  }
}

function addTopics(bytes: Uint8Array, into: Set<string>): void {
  const reader = new Reader(bytes)
  reader.int16('version')
  for (let n = reader.count(reader.length32('topics'), topicWidth, 'topics'); n > 0; n--)
    into.add(reader.text(reader.length16('topic'), 'topic'))
}
