// Every configuration key of a topic: those of Kafka 4.2 and our own, `polymq.flush`. See
// config-key.ts.
import { type TopicKey, tableOf } from './config-key.ts'
import { longMax } from './config-value.ts'

const tiered = 'this broker keeps all records on its own disk and has no remote storage'

const oneIndex = 'the index has one entry for each 256 KiB, a quarter of what a read takes'

const replicaList = {
  pattern: /^(\*|\d+:\d+)$/,
  text: "PARTITION:NODE pairs, or the single item '*'",
}

const cleaning: readonly TopicKey[] = [
  {
    name: 'cleanup.policy',
    type: 'list',
    default: 'delete',
    words: ['compact', 'delete'],
    effect: 'works',
    synonyms: ['log.cleanup.policy'],
    documentation:
      "What happens to old records: 'delete' drops whole segments by age and size, " +
      "'compact' keeps the last record of each key, both together do both, and an empty " +
      'list keeps everything for ever.',
  },
  {
    name: 'delete.retention.ms',
    type: 'long',
    default: '86400000',
    min: 0,
    effect: 'works',
    synonyms: ['log.cleaner.delete.retention.ms'],
    documentation:
      'How long a compacted topic keeps a tombstone, so that a reader who started at the ' +
      'beginning sees that the key was deleted.',
  },
  {
    name: 'min.cleanable.dirty.ratio',
    type: 'double',
    default: '0.5',
    min: 0,
    max: 1,
    effect: 'works',
    synonyms: ['log.cleaner.min.cleanable.ratio'],
    documentation:
      'Share of the log that must be uncompacted before compaction starts. Lower wastes ' +
      'less space and works more.',
  },
  {
    name: 'min.compaction.lag.ms',
    type: 'long',
    default: '0',
    min: 0,
    effect: 'works',
    synonyms: ['log.cleaner.min.compaction.lag.ms'],
    documentation: 'A record is left alone by compaction for at least this long.',
  },
  {
    name: 'max.compaction.lag.ms',
    type: 'long',
    default: longMax,
    min: 1,
    effect: 'works',
    synonyms: ['log.cleaner.max.compaction.lag.ms'],
    documentation:
      'A record is considered by compaction after this long, whatever the dirty ratio.',
  },
  {
    name: 'retention.bytes',
    type: 'long',
    default: '-1',
    effect: 'works',
    synonyms: ['log.retention.bytes'],
    documentation:
      "With the policy 'delete', the oldest segments of a partition go when it is larger " +
      'than this. -1 sets no limit. The limit is per partition.',
  },
  {
    name: 'retention.ms',
    type: 'long',
    default: '604800000',
    min: -1,
    effect: 'works',
    synonyms: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    documentation:
      "With the policy 'delete', a segment goes when its newest record is older than this. " +
      '-1 sets no limit.',
  },
  {
    name: 'file.delete.delay.ms',
    type: 'long',
    default: '60000',
    min: 0,
    effect: 'accepted',
    reason: 'who still reads a dropped segment keeps it open, so that its name goes at once',
    synonyms: ['log.segment.delete.delay.ms'],
    documentation: 'How long a dropped segment stays on disk before its files are removed.',
  },
]

const storing: readonly TopicKey[] = [
  {
    name: 'segment.bytes',
    type: 'int',
    default: '1073741824',
    min: 1_048_576,
    effect: 'works',
    synonyms: ['log.segment.bytes'],
    documentation: 'Size of a segment. Retention and compaction work on whole segments.',
  },
  {
    name: 'segment.ms',
    type: 'long',
    default: '604800000',
    min: 1,
    effect: 'works',
    synonyms: ['log.roll.ms', 'log.roll.hours'],
    documentation: 'A segment is closed after this long even when it is not full.',
  },
  {
    name: 'segment.jitter.ms',
    type: 'long',
    default: '0',
    min: 0,
    effect: 'works',
    synonyms: ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
    documentation: 'Random time taken off segment.ms, so that many partitions do not roll at once.',
  },
  {
    name: 'segment.index.bytes',
    type: 'int',
    default: '10485760',
    min: 4,
    effect: 'accepted',
    reason: oneIndex,
    synonyms: ['log.index.size.max.bytes'],
    documentation: 'Largest size of the index of a segment; a full index closes the segment.',
  },
  {
    name: 'index.interval.bytes',
    type: 'int',
    default: '4096',
    min: 0,
    effect: 'accepted',
    reason: oneIndex,
    synonyms: ['log.index.interval.bytes'],
    documentation: 'The index of a segment gets an entry for about so many bytes of records.',
  },
  {
    name: 'preallocate',
    type: 'boolean',
    default: 'false',
    effect: 'accepted',
    reason: 'segments are written once, in large pieces, so that nothing is gained',
    synonyms: ['log.preallocate'],
    documentation: 'Reserve the whole size of a segment on disk when it is made.',
  },
  {
    name: 'polymq.flush',
    type: 'string',
    default: 'sync',
    words: ['sync', 'async', 'memory'],
    effect: 'works',
    synonyms: ['polymq.flush'],
    documentation:
      "What an acknowledgement promises: 'sync' that the record is on disk, 'async' that it " +
      "will be within a second (see flush.ms), 'memory' nothing: the records are lost when " +
      'the broker stops, and offsets go on far behind theirs. What is only in memory is not ' +
      'compacted.',
  },
  {
    name: 'flush.messages',
    type: 'long',
    default: longMax,
    min: 1,
    effect: 'works',
    synonyms: ['log.flush.interval.messages'],
    documentation:
      "With polymq.flush=async, sync after so many records at the latest; with 'sync' each " +
      'acknowledged record is synced anyway.',
  },
  {
    name: 'flush.ms',
    type: 'long',
    default: longMax,
    min: 0,
    effect: 'works',
    synonyms: ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
    documentation:
      'With polymq.flush=async, sync after so long at the latest, if that is less than a ' +
      "second; with 'sync' each acknowledged record is synced anyway.",
  },
]

const accepting: readonly TopicKey[] = [
  {
    name: 'max.message.bytes',
    type: 'int',
    default: '1048588',
    min: 0,
    effect: 'works',
    reason:
      'up to what a file of the journal takes: polymq.journal.file.bytes, as it was when the ' +
      'data folder was first used',
    synonyms: ['message.max.bytes'],
    documentation: 'Largest record batch that the topic accepts, after compression.',
  },
  {
    name: 'message.timestamp.type',
    type: 'string',
    default: 'CreateTime',
    words: ['CreateTime', 'LogAppendTime'],
    effect: 'works',
    synonyms: ['log.message.timestamp.type'],
    documentation:
      "Whose time a record carries: its producer's, or the broker's when it was appended.",
  },
  {
    name: 'message.timestamp.before.max.ms',
    type: 'long',
    default: longMax,
    min: 0,
    effect: 'works',
    synonyms: ['log.message.timestamp.before.max.ms'],
    documentation:
      "A record whose timestamp lies further before the broker's clock is refused. Not used with " +
      'LogAppendTime.',
  },
  {
    name: 'message.timestamp.after.max.ms',
    type: 'long',
    default: '3600000',
    min: 0,
    effect: 'works',
    synonyms: ['log.message.timestamp.after.max.ms'],
    documentation:
      "A record whose timestamp lies further after the broker's clock is refused. Not used with " +
      'LogAppendTime.',
  },
  {
    name: 'compression.type',
    type: 'string',
    default: 'producer',
    words: ['uncompressed', 'zstd', 'lz4', 'snappy', 'gzip', 'producer'],
    effect: 'works',
    synonyms: ['compression.type'],
    documentation: "How record batches are stored: as the producer sent them ('producer'), or so.",
  },
  {
    name: 'compression.gzip.level',
    type: 'int',
    default: '-1',
    min: 1,
    max: 9,
    or: -1,
    effect: 'works',
    synonyms: ['compression.gzip.level'],
    documentation: 'Level used when the broker compresses with gzip; -1 is the default of gzip.',
  },
  {
    name: 'compression.lz4.level',
    type: 'int',
    default: '9',
    min: 1,
    max: 17,
    effect: 'accepted',
    reason: 'the lz4 library that is used has one level',
    synonyms: ['compression.lz4.level'],
    documentation: 'Level used when the broker compresses with lz4.',
  },
  {
    name: 'compression.zstd.level',
    type: 'int',
    default: '3',
    min: -131_072,
    max: 22,
    effect: 'works',
    synonyms: ['compression.zstd.level'],
    documentation: 'Level used when the broker compresses with zstd.',
  },
]

const replicating: readonly TopicKey[] = [
  {
    name: 'min.insync.replicas',
    type: 'int',
    default: '1',
    min: 1,
    effect: 'accepted',
    reason: 'a partition has one replica, and as in Kafka no more can be asked for than there are',
    synonyms: ['min.insync.replicas'],
    documentation: 'Replicas that must be in sync for a write with acks=all.',
  },
  {
    name: 'unclean.leader.election.enable',
    type: 'boolean',
    default: 'false',
    effect: 'accepted',
    reason: 'a partition has one replica, so there is no election',
    synonyms: ['unclean.leader.election.enable'],
    documentation:
      'Whether a replica that is not in sync may lead as a last resort, losing records.',
  },
  {
    name: 'leader.replication.throttled.replicas',
    type: 'list',
    default: '',
    form: replicaList,
    effect: 'accepted',
    reason: 'a partition has one replica, so nothing is replicated',
    synonyms: [],
    documentation: 'Replicas whose replication is throttled at the leader.',
  },
  {
    name: 'follower.replication.throttled.replicas',
    type: 'list',
    default: '',
    form: replicaList,
    effect: 'accepted',
    reason: 'a partition has one replica, so nothing is replicated',
    synonyms: [],
    documentation: 'Replicas whose replication is throttled at the follower.',
  },
  {
    name: 'remote.storage.enable',
    type: 'boolean',
    default: 'false',
    effect: 'refused',
    reason: tiered,
    synonyms: [],
    documentation: 'Move old segments to remote storage.',
  },
  {
    name: 'remote.log.copy.disable',
    type: 'boolean',
    default: 'false',
    effect: 'refused',
    reason: tiered,
    synonyms: [],
    documentation: 'Stop copying to remote storage.',
  },
  {
    name: 'remote.log.delete.on.disable',
    type: 'boolean',
    default: 'false',
    effect: 'refused',
    reason: tiered,
    synonyms: [],
    documentation: 'Delete what is in remote storage when it is disabled.',
  },
  {
    name: 'local.retention.bytes',
    type: 'long',
    default: '-2',
    min: -2,
    effect: 'refused',
    reason: tiered,
    synonyms: ['log.local.retention.bytes'],
    documentation:
      'Size that stays on this disk with remote storage; -2 is the same as retention.bytes.',
  },
  {
    name: 'local.retention.ms',
    type: 'long',
    default: '-2',
    min: -2,
    effect: 'refused',
    reason: tiered,
    synonyms: ['log.local.retention.ms'],
    documentation:
      'Time that stays on this disk with remote storage; -2 is the same as retention.ms.',
  },
]

export const topicKeys = tableOf([...cleaning, ...storing, ...accepting, ...replicating])
