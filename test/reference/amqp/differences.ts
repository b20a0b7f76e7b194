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
    id: 'access.configure.queue.passive',
    expected: { is: 'channel.close', replyCode: 403 },
    reason: 'who may do nothing with a name is not told whether it is there, as in RabbitMQ 4.3',
  },
  {
    id: /^exchange\.declare\.type\.(unknown|empty|upperCase)$/,
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'an unknown type of exchange closes the channel with 406, as from RabbitMQ 4 on',
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
    id: /^(deadLetter|length|quorum|restart)\./,
    at: /\.x-last-death-(queue|reason|exchange)$/,
    reason: 'the last death is told in headers of its own, as from RabbitMQ 3.13 on',
  },
]

/** The two counters of a quorum queue. */
const counters: readonly Difference[] = [
  {
    id: /^quorum\.(basics\.get|deliveryCount\.first|limit\.get\.1)$/,
    at: /headers|^\[2\]$/,
    reason: 'a first delivery carries no count, as from RabbitMQ 4 on',
  },
  {
    id: /^quorum\.(deliveryCount\.(second|third|afterDrop)|limit\.(get\.[23]|consumed\.second))$/,
    at: /\.x-acquired-count$/,
    reason: 'x-acquired-count says how often a message went out, as from RabbitMQ 4.3 on',
  },
  {
    id: /^quorum\.(deliveryCount\.(third|afterDrop)|limit\.consumed\.second)$/,
    at: /\.x-delivery-count\.l$/,
    reason:
      'basic.nack gives a message back, and only basic.reject and a lost connection count as ' +
      'failures, as from RabbitMQ 4.3 on',
  },
  {
    id: 'quorum.limit.consumed.dead',
    expected: [],
    reason:
      'what basic.nack gives back does not count towards x-delivery-limit, as from RabbitMQ 4.3 on',
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
    id: 'connection.plain.withAuthorizationId',
    expected: closed(403),
    reason: 'who asks to act for another is refused like a wrong login; RabbitMQ closes the socket',
  },
  {
    id: /^connection\.order\.(openBeforeStartOk|channelBeforeStartOk|openBeforeTuneOk)$/,
    expected: closed(),
    reason: 'a method that is not due yet has an answer; RabbitMQ closes the socket',
  },
  {
    id: 'connection.close.beforeStartOk',
    expected: [{ is: 'connection.close-ok' }, { is: 'end' }],
    reason: 'a client may close before it has logged in; RabbitMQ closes the socket',
  },
  {
    id: 'frames.size.beforeTune',
    expected: closed(501),
    reason: 'a frame that is too large has an answer; RabbitMQ closes the socket',
  },
  {
    id: 'queue.last.delete',
    expected: { is: 'connection.close', replyCode: 504 },
    reason: 'a channel that was closed has to be opened again before anything else',
  },
  {
    id: 'queue.arguments.type.quorum.limit.text',
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'x-delivery-limit is a number: RabbitMQ takes a text and does not hold to it',
  },
  {
    id: 'queue.arguments.type.quorum.rejectPublishDlx',
    expected: { is: 'channel.close', replyCode: 406 },
    reason: 'reject-publish-dlx is refused where it is not supported; RabbitMQ takes it for less',
  },
  {
    id: 'deadLetter.hops.reasons.last',
    at: /x-death/,
    reason: 'x-death has the latest death first, as documented; 3.10 mixes them from the third on',
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
  {
    id: 'streams.properties.kept',
    at: /\.headers\.list$/,
    reason: 'a stream keeps all headers; RabbitMQ drops lists and tables on their way into it',
  },
]

/** PolyMQ holds what was asked for, or does more. */
const more: readonly Difference[] = [
  {
    id: /^queue\.arguments\.type\.classic\.(limit|strategy)$/,
    expected: { is: 'queue.declare-ok' },
    reason: 'delivery limits and dead letters that are never lost are for queues of every type',
  },
  {
    id: /^settle\.qos\.both\.(shared|getIgnoresIt)$/,
    reason:
      'a limit of the channel and one of the consumer are both held, as RabbitMQ documents it; ' +
      '3.10 lets more through',
  },
  {
    id: 'quorum.globalQos.consume',
    expected: { is: 'basic.consume-ok' },
    reason: 'a limit of the channel holds for queues of every type',
  },
  {
    id: 'quorum.basics.exclusive',
    expected: { is: 'channel.close', replyCode: 403 },
    reason: 'an exclusive consumer is alone at queues of every type',
  },
  {
    id: 'priority.expired.headOfEach',
    expected: { messageCount: 1 },
    reason: 'messages of every priority expire in time; 3.10 looks at the highest only',
  },
  {
    id: /^restart\.messages\.(count|left)$/,
    reason: 'messages in a durable queue stay over an orderly stop, transient ones too',
  },
]

/** What clients are not known to need. */
const less: readonly Difference[] = [
  {
    id: 'deadLetter.bcc.hidden',
    expected: [],
    reason:
      'BCC routes a message when it is published and is kept nowhere, so that dead letters do ' +
      'not follow it',
  },
  {
    id: 'connection.header.amqp0-8',
    expected: ['protocol header', null, null],
    reason: 'AMQP 0-8 is not spoken; 0-9 and 0-9-1 are',
  },
  {
    id: 'frames.content.ignoredProperties.lowFlags',
    expected: { is: 'connection.close', replyCode: 502 },
    reason:
      'property flags that stand for nothing are refused, since others would read them as more ' +
      'flags; RabbitMQ hands them on',
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
    { title: 'As later releases of RabbitMQ do', list: [...later, ...counters] },
    { title: 'Clearer answers', list: clearer },
    { title: 'More than RabbitMQ does', list: more },
    { title: 'Less than RabbitMQ does', list: less },
    { title: 'Other words', list: words },
    { title: 'Its own name', list: itself },
  ]

export const differences: readonly Difference[] = sections.flatMap(({ list }) => list)
