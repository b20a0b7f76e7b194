// Where PolyMQ answers otherwise than RabbitMQ 3.10.8, on purpose, what it answers, and why. A
// difference that is not listed here fails the comparison, and so does a listed one that no longer
// occurs. docs/protocols/amqp.md shows this list to people.
import type { Difference } from '../answers.ts'

const closed = (replyCode?: number): unknown => [
  { is: 'connection.close', ...(replyCode === undefined ? {} : { replyCode }) },
  { is: 'end' },
]

/** RabbitMQ changed its mind after 3.10, and PolyMQ follows the later one. */
const later: readonly Difference[] = [
  {
    id: /^exchange\.declare\.type\.(unknown|empty|upperCase)$/,
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'an unknown type of exchange closes the channel with 406, as from RabbitMQ 4 on',
  },
  {
    id: 'connection.frameMax.min4096',
    expected: closed(530),
    reason: 'frames of at least 8192 bytes have to be agreed on, as from RabbitMQ 4.1 on',
  },
  {
    id: 'publish.sizes.17MiB.answer',
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'a message may have 16 MiB unless set otherwise, as from RabbitMQ 4 on',
  },
  {
    id: 'directReply.whole.mandatory',
    expected: [{ is: 'basic.ack' }],
    reason: 'mandatory tells whether the asker of a direct reply is there, as from RabbitMQ 4 on',
  },
  {
    id: /^(deadLetter|length|quorum)\./,
    at: /\.x-last-death-(queue|reason|exchange)$/,
    reason: 'the last death is told in headers of its own, as from RabbitMQ 3.13 on',
  },
]

/** RabbitMQ crashes on it, or says nothing. */
const clearer: readonly Difference[] = [
  {
    id: /^connection\.frameMax\.(below4096|one|higher|none)$/,
    expected: closed(530),
    reason: 'the client is told why it is refused; RabbitMQ closes the socket',
  },
  {
    id: /^connection\.channelMax\.(higher|most|none)$/,
    expected: closed(530),
    reason: 'the client is told why it is refused; RabbitMQ closes the socket',
  },
  {
    id: /^connection\.mechanisms\.(unknown|lowerCase|empty|amqplain\.noTable)$/,
    expected: closed(403),
    reason: 'a login that cannot be read is refused like a wrong one; RabbitMQ closes the socket',
  },
  {
    id: /^connection\.plain\.(noPassword|emptyResponse|noSeparators|fourParts)$/,
    expected: closed(403),
    reason: 'a login that cannot be read is refused like a wrong one; RabbitMQ closes the socket',
  },
  {
    id: /^frames\.unknownMethod\./,
    expected: closed(),
    reason: 'a method that does not exist has an answer; RabbitMQ closes the socket',
  },
  {
    id: 'frames.arguments.table.unknownType',
    expected: closed(),
    reason: 'a field of unknown type has an answer; RabbitMQ closes the socket',
  },
  {
    id: 'publish.headers.U',
    expected: [{ is: 'connection.close' }],
    reason: 'a field of unknown type is a mistake of the client, not an internal error',
  },
  {
    id: 'frames.content.ignoredProperties.flagWithoutValue',
    expected: { is: 'connection.close' },
    reason: 'properties that end too early are a mistake of the client, not an internal error',
  },
  {
    id: 'frames.content.tooMuchBody.otherChannel',
    expected: { is: 'connection.close' },
    reason: 'more body than was told is refused; RabbitMQ waits for ever',
  },
  {
    id: 'publish.sizes.claimed.channel',
    expected: [{ is: 'channel.close', replyCode: 406 }],
    reason:
      'a message that will be too large is refused at its header; RabbitMQ takes it all first',
  },
  {
    id: /^(queue\.arguments\.type\.stream\.maxAge\.wrong|streams\.wrongOffsets\.\w+)$/,
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'a value without a meaning is refused; in RabbitMQ it is an internal error',
  },
]

/** The codes are the same, and what a client may rely on. */
const words: readonly Difference[] = [
  {
    id: /^(frames|connection\.(heartbeat|order|again|fromServer|close))\./,
    at: /\.replyText$/,
    reason: 'our own words: RabbitMQ shows bytes of the frame and names of its states',
  },
  {
    id: /^(publish\.(expiration|properties)|copies\.mistakes)\./,
    at: /\.replyText$/,
    reason: 'our own words: RabbitMQ shows terms of Erlang',
  },
  {
    id: /^(queue\.arguments|routing\.headers\.match|consumers\.priority|exchange\.declare)\./,
    at: /\.replyText$/,
    reason: 'our own words: RabbitMQ shows terms of Erlang',
  },
]

/** Who it is. */
const itself: readonly Difference[] = [
  {
    id: /^connection\.start\.(productVersion|properties)$/,
    reason: 'PolyMQ says who it is, and a version that clients of RabbitMQ 4 can read',
  },
]

/** By what kind of reason; the titles are those of the page. */
export const sections: readonly { readonly title: string; readonly list: readonly Difference[] }[] =
  [
    { title: 'As later releases of RabbitMQ do', list: later },
    { title: 'Clearer answers', list: clearer },
    { title: 'Other words', list: words },
    { title: 'Its own name', list: itself },
  ]

export const differences: readonly Difference[] = sections.flatMap(({ list }) => list)
