// Where PolyMQ answers otherwise than Apache Kafka 4.2.0, on purpose, and why. A difference that is
// not listed here fails the comparison, and so does a listed one that no longer occurs.
// docs/protocols/kafka.md shows this list to people.

import type { Difference } from '../answers.ts'

const notYet: readonly Difference[] = [
  {
    id: /^cluster\.apiVersions\.(24|25|26|27|28|61|65|66)\./,
    reason: 'transactions are not there yet, so their requests are not advertised',
  },
  {
    id: /^cluster\.apiVersions\.(38|39|40|41|48|49|50|51)\./,
    reason: 'delegation tokens, quotas and SCRAM users are not there yet',
  },
  {
    id: /^cluster\.apiVersions\.(34|43)\./,
    reason: 'one node has no replicas to move and no leaders to elect',
  },
  {
    id: /^cluster\.apiVersions\.(55|57|64|80|81)\./,
    reason: 'there is no KRaft quorum to describe or change, and there are no features to set',
  },
  {
    id: /^cluster\.apiVersions\.(35|74|75)\./,
    reason: 'not there yet: the tools that ask for it have another way, or say so',
  },
  {
    id: /^cluster\.apiVersions\.(68|69|7[6-9]|8[3-9]|9[0-2])\./,
    reason: 'consumer groups of KIP-848, share groups and streams groups are not there yet',
  },
  {
    id: /^cluster\.apiVersions\.(supported|finalized)Features$/,
    reason: 'each of these features belongs to a part of Kafka that is not there yet',
  },
  {
    id: /^cluster\.(electLeaders|describeLogDirs\.error)$/,
    reason: 'one node has no replicas to move and no leaders to elect: a request not advertised',
  },
  {
    id: 'cluster.describeQuotas',
    reason: 'quotas are not there yet: a request that is not advertised',
  },
  {
    id: 'idempotence.describe',
    reason: 'DescribeProducers is not there yet: a request that is not advertised',
  },
  {
    id: /^metadata\.describePartitions(\.unknown|\.limit)?$/,
    reason: 'DescribeTopicPartitions is not there yet: tools fall back to Metadata',
  },
  {
    id: /^topics\.describe\.(byName|assigned)$/,
    at: /\.(elr|lastKnownElr)$/,
    reason: 'only DescribeTopicPartitions, which is not there yet, tells of eligible leaders',
  },
  {
    id: /^clients\.group\.consumer\.(first|second)$/,
    reason: 'consumer groups of KIP-848 are not there yet; classic groups are complete',
  },
  {
    id: 'groups.emptyName',
    reason: 'the Admin client asks ConsumerGroupDescribe first, which is not there yet',
  },
  {
    id: 'produce.transactionalId.noTransaction',
    reason: 'transactions are not there yet: a request that names one is refused',
  },
  {
    id: 'produce.nullKey',
    at: /\.baseOffset$/,
    reason: 'one record fewer is stored: the one of the transactional request above',
  },
  {
    id: /^produce\.attributes\.transactional(\.unknownProducer)?$/,
    at: /\.logStartOffset$/,
    reason:
      'transactions are not there yet: the batch is refused by the log, which tells its start',
  },
]

const configurations: readonly Difference[] = [
  {
    id: /^topics\.create\./,
    at: /^\..+\.configs\.min\.insync\.replicas$/,
    reason:
      'Kafka sets it for all brokers by its feature of eligible leaders, which needs replicas',
  },
  {
    id: /^configs\.(topic\.default|broker)\.min\.insync\.replicas$/,
    at: /\.(isDefault|source|synonyms)$/,
    reason:
      'Kafka sets it for all brokers by its feature of eligible leaders, which needs replicas',
  },
  {
    id: 'configs.broker.default',
    reason: 'what Kafka has set for all brokers is min.insync.replicas, see above',
  },
  {
    id: /^topics\.create\./,
    at: /\.configCount$/,
    reason: 'a topic has one key more: polymq.flush',
  },
  {
    id: /^topics\.create\.version\.[56]$/,
    at: /^\.topics\[0\]\.configs$/,
    reason: 'a topic has one key more: polymq.flush',
  },
  {
    id: 'configs.topic.names',
    reason: 'a topic has one key more: polymq.flush',
  },
  {
    id: 'configs.describe.noKeys',
    at: /^\.results\[0\]\.configs$/,
    reason: 'a topic has one key more: polymq.flush',
  },
  {
    id: /^topics\.create\.config\.(spaces|listWithSpaces)$/,
    at: /\.(retention\.ms|cleanup\.policy)$/,
    reason: 'a value is kept without the blanks around it and around the items of a list',
  },
  {
    id: 'topics.create.config.twice',
    reason: 'a key that is given twice is refused, where Kafka takes the last one without a word',
  },
  {
    id: /^topics\.list(\.internal)?$/,
    at: /^\.t-config-twice$/,
    reason: 'a key that is given twice is refused, where Kafka takes the last one without a word',
  },
  {
    id: 'configs.broker.node.id',
    at: /\.synonyms$/,
    reason: 'a node that is told no number is 1; Kafka has no default',
  },
  {
    id: 'configs.broker.group.initial.rebalance.delay.ms',
    at: /\.synonyms/,
    reason: 'the default is 0: a first member is not made to wait 3 seconds for others',
  },
  {
    id: /^configs\.broker\.group\.consumer\.(heartbeat\.interval|session\.timeout)\.ms$/,
    reason: 'consumer groups of KIP-848 are not there yet, and neither are their keys',
  },
  {
    id: /^configs\.broker\.transaction(\.max\.timeout|al\.id\.expiration)\.ms$/,
    reason: 'transactions are not there yet, and neither are their keys',
  },
  {
    id: /^configs\.broker\.(metadata\.log\.dir|process\.roles)$/,
    reason: 'there is no KRaft quorum, and so no key of it',
  },
  {
    id: 'configs.broker.sasl.enabled.mechanisms',
    reason: 'Kerberos is not there; by default all others are offered, once there are users',
  },
  {
    id: 'brokerKeys.describe.listener.security.protocol.map',
    at: /\.(isDefault|source|synonyms|value)$/,
    reason: 'there is no listener for controllers that it would have to name',
  },
  {
    id: 'brokerKeys.set.config.providers(a).all',
    reason: 'values stand in the settings themselves, and no class would be asked for one',
  },
  {
    id: 'brokerKeys.kept.leader.replication.throttled.rate',
    at: /\.(documented|isReadOnly)$/,
    reason: 'it can be changed and is documented; Kafka says otherwise, and lets it be changed',
  },
  {
    id: /^brokerKeys\.set\.(num\.[a-z.]+|background\.threads|log\.cleaner\.threads)\(.+\)$/,
    reason: 'threads that are not there may be any number; Kafka: from half to double the present',
  },
  {
    id: /^brokerKeys\.set\.remote\.log\.(manager\.[a-z.]+size|reader\.threads)\(.+\)$/,
    reason: 'threads that are not there may be any number; Kafka: from half to double the present',
  },
  {
    id: 'configs.broker.set.unknown',
    reason: 'a key that neither knows is refused, where Kafka keeps it without a use',
  },
  {
    id: 'configs.logger',
    reason: 'there are no loggers with levels of their own',
  },
  {
    id: /^configs\.describe\.type\.(16|32)$/,
    reason: 'client metrics and groups have no configurations yet',
  },
  {
    id: /^topicConfigs\.(local\.retention\.(bytes|ms)|remote\.log\.[a-z.]+)\.edge\(.+\)$/,
    reason: 'there is no remote storage, so what would configure it is refused with that reason',
  },
  {
    id: 'topicConfigs.together.localRetentionAboveRetention',
    reason: 'there is no remote storage, so what would configure it is refused with that reason',
  },
]

const betterErrors: readonly Difference[] = [
  {
    id: 'cluster.acls.describe.unknownOperation',
    reason: 'SECURITY_DISABLED, as to any other question; Kafka closes the connection',
  },
  {
    id: 'configs.incremental.unknownOperation',
    at: /\.errorCode$/,
    reason: 'INVALID_REQUEST tells more than UNKNOWN_SERVER_ERROR',
  },
  {
    id: /^produce\.attributes\.(codec\.[567]|gzipThatIsNone|zstdThatIsNone)$/,
    at: /\.errorCode$/,
    reason: 'INVALID_RECORD tells more than UNKNOWN_SERVER_ERROR',
  },
  {
    id: /^produce\.record\.(headerCount|valueLength|length)$/,
    at: /\.recordErrors$/,
    reason: 'the answer names the malformed record',
  },
  {
    id: 'topics.create.timeout.zero',
    at: /\.errorCode$/,
    reason: 'a topic that could never be made is refused for that, whatever the time-out',
  },
  {
    id: /^(fetch|offsets)\.isolation\.unknown$/,
    reason: 'an isolation level that nobody knows reads everything; Kafka: UNKNOWN_SERVER_ERROR',
  },
  {
    id: 'fetch.maxBytes.partition.negative',
    reason: 'a negative bound counts as 0; Kafka: UNKNOWN_SERVER_ERROR for every partition',
  },
  {
    id: /^metadata\.byId\.(zero|version\.10|version\.11\.noName)$/,
    reason: 'the error stands at the topic alone, and the brokers are told as ever',
  },
  {
    id: 'metadata.byId.and.byName',
    at: /^\.topics$/,
    reason: 'topics asked for by name are told beside those by id; Kafka leaves them out',
  },
]

const accidents: readonly Difference[] = [
  {
    id: /^metadata\.autoCreate\.(first|version\.3|collision\.prepare)$/,
    reason: 'a topic that is made on demand is there at once; Kafka first says that it is not',
  },
  {
    id: 'metadata.autoCreate.collision',
    reason: 'that a topic cannot be made on demand is told at once; Kafka never tells',
  },
  {
    id: /^(topics\.create\.sameName|topics\.delete\.same|partitions\.sameTopic)Twice$/,
    reason: 'what a request names twice is answered twice, each at its place',
  },
  {
    id: /^(produce|fetch|offsets)\.samePartitionTwice$/,
    reason: 'what a request names twice is answered twice, each at its place',
  },
  {
    id: 'produce.noPartitions',
    reason: 'a topic without partitions has an answer without partitions; Kafka leaves it out',
  },
  {
    id: 'produce.record.offsetDelta',
    reason: 'records whose offsets do not count up from 0 are refused: they would be read wrongly',
  },
  {
    id: 'produce.maxTimestamp.wrong',
    at: /\.baseOffset$/,
    reason: 'one record fewer is stored: the one with the wrong offset above',
  },
  {
    id: 'produce.stored.afterBad',
    at: /\.(highWatermark|lastStableOffset|records)$/,
    reason:
      'one record fewer is stored, see above; and the newest time that a header tells is kept as ' +
      'it came, since batches are stored as they came: look-ups by time open them and go on',
  },
  {
    id: 'produce.size.aboveSegment',
    reason: 'a batch larger than segment.bytes is taken, as far as max.message.bytes allows it',
  },
  {
    id: 'fetch.replica',
    at: /\.abortedTransactions$/,
    reason: 'an empty list in place of none: there are no followers to read it',
  },
  {
    id: 'fetch.session.open.nothing',
    at: /^\.sessionId$/,
    reason: 'a fetch session without partitions would remember nothing, so none is opened',
  },
  {
    id: 'offsets.delete.all.max',
    reason: 'the newest record is deleted, so there is none; Kafka tells where it was',
  },
]

/** By what kind of reason; the titles are those of the page. */
export const sections: readonly { readonly title: string; readonly list: readonly Difference[] }[] =
  [
    { title: 'Not there yet', list: notYet },
    { title: 'Configuration keys', list: configurations },
    { title: 'Clearer errors', list: betterErrors },
    { title: 'Where Kafka takes or does something by accident', list: accidents },
  ]

export const differences: readonly Difference[] = sections.flatMap(({ list }) => list)
