// The rules that keep the house in order, as data. `test/tidy.test.ts` holds the code against them;
// ARCHITECTURE.md shows the same table to people, and the test compares the two.

export interface Room {
  /** Path below `src/`. A file belongs to the longest room that is a prefix of its path. */
  readonly path: string
  readonly level: number
  /** Rooms that it may import from, besides itself. */
  readonly imports: readonly string[]
  /** One noun phrase: what it holds. */
  readonly holds: string
}

export const rooms: readonly Room[] = [
  {
    path: 'base',
    level: 0,
    imports: [],
    holds: 'no domain: assert, checksum, histogram, pace, turns',
  },
  {
    path: 'io',
    level: 1,
    imports: ['base'],
    holds: 'disk, network, clock, chance: interfaces, files of records',
  },
  {
    path: 'io/real',
    level: 1,
    imports: ['io', 'base'],
    holds: 'disk, network, clock, chance and HTTP of the operating system',
  },
  {
    path: 'io/sim',
    level: 1,
    imports: ['io', 'io/real', 'base'],
    holds: 'the simulated disk, network, clock and chance',
  },
  {
    path: 'wire',
    level: 1,
    imports: ['base'],
    holds: 'reader, writer, schemas and their compiler',
  },
  {
    path: 'model',
    level: 2,
    imports: ['wire', 'base'],
    holds: 'ids, record batch, errors, limits, configuration keys',
  },
  {
    path: 'model/config',
    level: 2,
    imports: ['model', 'base'],
    holds: 'every configuration key, and the settings that follow from them',
  },
  {
    path: 'model/message',
    level: 2,
    imports: ['model', 'wire', 'base'],
    holds: 'a message with its properties, and its typed fields',
  },
  {
    path: 'log/journal',
    level: 3,
    imports: ['model', 'io', 'base'],
    holds: 'the write-ahead log of the node: slabs, commits, files, scan',
  },
  {
    path: 'log/segment',
    level: 3,
    imports: ['model', 'io', 'base'],
    holds: 'segments, their files and index',
  },
  {
    path: 'log/compaction',
    level: 3,
    imports: ['log/segment', 'model', 'model/config', 'base'],
    holds: 'which records of a compacted partition stay',
  },
  {
    path: 'log/pieces',
    level: 3,
    imports: ['io', 'base'],
    holds: 'memory lent to reads of the disk, and what is read ahead of them',
  },
  {
    path: 'log',
    level: 3,
    imports: [
      'log/journal',
      'log/pieces',
      'log/segment',
      'log/compaction',
      'model',
      'model/config',
      'io',
      'base',
    ],
    holds: 'partition log, manifest, flusher, cleaner, retention, recovery, readers',
  },
  {
    path: 'metadata',
    level: 3,
    imports: ['model', 'model/config', 'wire', 'io', 'base'],
    holds: 'the image of topics and configurations, and its stores',
  },
  {
    path: 'routing',
    level: 3,
    imports: ['model', 'model/message', 'base'],
    holds: 'exchanges and bindings: which queues a message reaches',
  },
  {
    path: 'coordinator',
    level: 4,
    imports: ['log', 'metadata', 'model', 'wire', 'io', 'base'],
    holds: 'groups, committed offsets, producer ids',
  },
  {
    path: 'stream',
    level: 4,
    imports: ['log', 'model', 'model/message', 'io', 'base'],
    holds: 'topics read by position and appended to by doors that speak of queues',
  },
  {
    path: 'security',
    level: 4,
    imports: ['metadata', 'model', 'wire', 'io', 'base'],
    holds: 'authentication',
  },
  {
    path: 'metadata/entities',
    level: 3,
    imports: ['metadata', 'model', 'base'],
    holds: 'vhosts, exchanges, queues and bindings as the metadata keeps them',
  },
  {
    path: 'queue',
    level: 4,
    imports: [
      'queue/memory',
      'log',
      'log/journal',
      'model',
      'model/config',
      'model/message',
      'wire',
      'io',
      'base',
    ],
    holds: 'queues: a log with a ledger, and the rules by which messages leave it',
  },
  {
    path: 'queue/memory',
    level: 4,
    imports: ['model/message', 'base'],
    holds: 'what queues remember besides their messages, in few bytes each',
  },
  {
    path: 'queue/delayed',
    level: 4,
    imports: ['queue', 'queue/memory', 'model', 'model/message', 'base'],
    holds: 'messages that wait for their time',
  },
  {
    path: 'broker/messaging',
    level: 5,
    imports: [
      'queue',
      'queue/delayed',
      'queue/memory',
      'routing',
      'security/access',
      'log',
      'metadata',
      'metadata/entities',
      'model',
      'model/config',
      'model/message',
      'wire',
      'io',
      'base',
    ],
    holds: 'vhosts, exchanges and queues of one node, and who uses them',
  },
  {
    path: 'security/access',
    level: 4,
    imports: ['security', 'metadata', 'model', 'wire', 'io', 'base'],
    holds: 'users, permissions and limits, and the one authorizer',
  },
  {
    path: 'broker',
    level: 5,
    imports: [
      'broker/messaging',
      'metadata/entities',
      'queue',
      'coordinator',
      'security',
      'security/access',
      'log',
      'metadata',
      'model',
      'model/config',
      'model/message',
      'wire',
      'io',
      'base',
    ],
    holds: 'the façade of one node, the only thing that doors see',
  },
  {
    path: 'protocol/amqp',
    level: 6,
    imports: [
      'protocol/amqp/channel',
      'protocol/amqp/frames',
      'protocol/amqp/methods',
      'broker',
      'broker/messaging',
      'model',
      'model/message',
      'wire',
      'io',
      'base',
    ],
    holds: 'the AMQP 0-9-1 door: connections, greeting, heartbeats, turns',
  },
  {
    path: 'protocol/amqp/channel',
    level: 6,
    imports: [
      'protocol/amqp/frames',
      'protocol/amqp/methods',
      'broker',
      'broker/messaging',
      'model',
      'model/message',
      'wire',
      'io',
      'base',
    ],
    holds: 'channels: publishing, consuming, settling, declaring',
  },
  {
    path: 'protocol/amqp/frames',
    level: 6,
    imports: ['protocol/amqp/methods', 'model/message', 'wire', 'base'],
    holds: 'frames in and out, the memory that they take, the limits of the door',
  },
  {
    path: 'protocol/amqp/methods',
    level: 6,
    imports: ['model', 'model/message', 'wire', 'base'],
    holds: 'the layout of every AMQP 0-9-1 method, and its reply codes, as data',
  },
  {
    path: 'broker/access',
    level: 5,
    imports: ['broker', 'security/access', 'model', 'base'],
    holds: 'the same façade for a client who is held to permissions',
  },
  {
    path: 'protocol/kafka',
    level: 6,
    imports: ['protocol/kafka/schema', 'broker', 'security', 'model', 'wire', 'io', 'base'],
    holds: 'the Kafka door: connections, dispatch, negotiation',
  },
  {
    path: 'protocol/kafka/schema',
    level: 6,
    imports: ['wire', 'model', 'base'],
    holds: 'the layout of every Kafka message, as data',
  },
  {
    path: 'protocol/kafka/data',
    level: 6,
    imports: ['protocol/kafka', 'protocol/kafka/schema', 'broker', 'model', 'wire', 'io', 'base'],
    holds: 'handlers of records and offsets',
  },
  {
    path: 'protocol/kafka/group',
    level: 6,
    imports: ['protocol/kafka', 'protocol/kafka/schema', 'broker', 'model', 'wire', 'io', 'base'],
    holds: 'handlers of groups',
  },
  {
    path: 'protocol/kafka/admin',
    level: 6,
    imports: [
      'protocol/kafka',
      'protocol/kafka/schema',
      'broker',
      'model',
      'model/config',
      'wire',
      'io',
      'base',
    ],
    holds: 'handlers of topics and configurations',
  },
  {
    path: 'admin',
    level: 6,
    imports: ['broker', 'model', 'io', 'base'],
    holds: 'health and metrics over HTTP',
  },
  {
    path: 'cli',
    level: 7,
    imports: [
      'broker',
      'protocol/kafka',
      'admin',
      'security',
      'model',
      'model/config',
      'io',
      'base',
      '',
    ],
    holds: 'the command line',
  },
  {
    path: '',
    level: 7,
    imports: [
      'cli',
      'admin',
      'protocol/amqp',
      'protocol/amqp/channel',
      'protocol/amqp/frames',
      'protocol/kafka',
      'protocol/kafka/data',
      'protocol/kafka/group',
      'protocol/kafka/admin',
      'broker',
      'broker/access',
      'coordinator',
      'security',
      'log',
      'metadata',
      'model',
      'model/config',
      'io',
      'io/real',
      'base',
    ],
    holds: 'main.ts and start-broker.ts: where the parts are put together',
  },
]

/** Names that may be used only in `allowedIn`: the way in of the outer world. */
export const bans: readonly { pattern: RegExp; allowedIn: RegExp; instead: string }[] = [
  {
    pattern:
      /\b(from|import|require)\b.*['"`](node:)?(fs|net|tls|https?|dgram|timers|worker_threads)\b/,
    allowedIn: /^src\/(io\/(?!sim\/)|main\.ts)/,
    instead: 'an interface of io/',
  },
  {
    pattern: /\b(Date\.now|new Date\(\)|performance\.now|process\.hrtime)/,
    allowedIn: /^src\/(io\/(?!sim\/)|main\.ts)/,
    instead: 'io/clock',
  },
  {
    pattern: /\b(setTimeout|setInterval|setImmediate)\(/,
    allowedIn: /^src\/(io\/(?!sim\/)|main\.ts)/,
    instead: 'io/clock',
  },
  {
    pattern: /\b(Math\.random|randomBytes|randomUUID|randomInt)\b/,
    allowedIn: /^src\/(io\/(?!sim\/)|main\.ts)/,
    instead: 'io/chance',
  },
  // The codecs are loaded when they are first needed, once for the process: they keep no state.
  {
    pattern: /\b(getBuiltinModule|createRequire)\b/,
    allowedIn: /^src\/model\/compression\//,
    instead: 'an import',
  },
  {
    pattern: /^(export )?let /m,
    allowedIn: /^src\/model\/compression\//,
    instead: 'a field of the node, of which a process may hold two',
  },
  { pattern: /\bcatch\s*(\([^)]*\))?\s*\{\s*\}/, allowedIn: /^$/, instead: 'a handled error' },
  { pattern: /\b(FIXME|XXX)\b/, allowedIn: /^$/, instead: 'the work itself' },
]

export const limits = {
  lineColumns: 100,
  functionLines: 70,
  fileLines: 400,
  roomFiles: 25,
}

/** Files above `limits.fileLines`, each with the reason why it stays whole. */
export const longFiles: Readonly<Record<string, string>> = {}
