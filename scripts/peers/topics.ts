// Creates topics on a peer through the admin client of kafkajs, which is there anyway, so that no JVM
// has to start for it.
import { Kafka, logLevel } from 'kafkajs'

export interface Topics {
  readonly names: readonly string[]
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
}

/** Topics in one CreateTopics request: a controller writes them as one batch. */
const perRequest = 500

/** Creates the topics and returns when each has a leader. Throws if one is there already. */
export async function createTopics(bootstrap: string, topics: Topics): Promise<void> {
  const client = new Kafka({
    clientId: 'rig',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
    requestTimeout: 120_000,
  })
  const configEntries = Object.entries(topics.config).map(([name, value]) => ({ name, value }))
  const admin = client.admin()
  await admin.connect()
  try {
    for (let from = 0; from < topics.names.length; from += perRequest) {
      const names = topics.names.slice(from, from + perRequest)
      const created = await admin.createTopics({
        topics: names.map((topic) => ({
          topic,
          numPartitions: topics.partitions,
          replicationFactor: 1,
          configEntries,
        })),
        timeout: 60_000,
      })
      if (!created) throw new Error(`topics of that name exist already: ${names[0]}, ...`)
    }
  } finally {
    await admin.disconnect()
  }
}
