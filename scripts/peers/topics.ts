// Creates topics on a peer through the admin client of kafkajs, which is there anyway, so that no
// JVM has to start for it.
import { setTimeout as sleep } from 'node:timers/promises'
import { type Admin, Kafka, logLevel } from 'kafkajs'

export interface Topics {
  readonly names: readonly string[]
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

/** Topics in one CreateTopics request: a controller writes them as one batch. */
const perRequest = 500

const pauseMs = 100
const leadersMsMax = 60_000

/** Kafka answers before its broker knows the topic, and kafkajs gives up on that answer. */
async function untilKnown(admin: Admin, topics: string[]): Promise<void> {
  const lastAt = performance.now() + leadersMsMax
  for (;;)
    try {
      await admin.fetchTopicMetadata({ topics })
      return
    } catch (error) {
      if (performance.now() > lastAt) throw error
      await sleep(pauseMs)
    }
}

async function createSome(admin: Admin, names: string[], topics: Topics): Promise<void> {
  const configEntries = Object.entries(topics.config).map(([name, value]) => ({ name, value }))
  const created = await admin.createTopics({
    topics: names.map((topic) => ({
      topic,
      numPartitions: topics.partitions,
      replicationFactor: 1,
      configEntries,
    })),
    timeout: 60_000,
    waitForLeaders: false,
  })
  if (!created) throw new Error(`topics of that name exist already: ${names[0]}, ...`)
  await untilKnown(admin, names)
}

/** Creates the topics and returns when each has a leader. Throws if one is there already. */
export async function createTopics(bootstrap: string, topics: Topics): Promise<void> {
  const client = new Kafka({
    clientId: 'rig',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    requestTimeout: 120_000,
  })
  const admin = client.admin()
  await admin.connect()
  try {
    for (let from = 0; from < topics.names.length; from += perRequest)
      await createSome(admin, topics.names.slice(from, from + perRequest), topics)
  } finally {
    await admin.disconnect()
  }
}
