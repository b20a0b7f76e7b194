// The comparison with Kafka's definitions must be able to fail: differences are planted one by one
// in a copy of a schema, and each is reported.
import assert from 'node:assert/strict'
import test from 'node:test'
import { compare, parseDefinition } from '../../scripts/kafka-definitions.ts'
import type { Message } from '../../src/wire/message.ts'
import {
  array,
  bytes,
  type Fields,
  int16,
  int32,
  int64,
  nullable,
  since,
  string,
  struct,
  tagged,
  until,
} from '../../src/wire/schema.ts'

const definition = parseDefinition(`// A licence.
{
  "name": "SampleRequest",
  // A note in the middle.
  "validVersions": "1-4", "flexibleVersions": "3+",
  "fields": [
    { "name": "Gone", "type": "int8", "versions": "0" },
    { "name": "Old", "type": "string", "versions": "0-2" },
    { "name": "Topics", "type": "[]Topic", "versions": "0+", "nullableVersions": "2+", "fields": [
      { "name": "Epoch", "type": "int32", "versions": "2+", "default": "-1" },
      { "name": "Offset", "type": "int64", "versions": "0+" } ] },
    { "name": "Records", "type": "records", "versions": "0+", "nullableVersions": "0+" },
    { "name": "Leader", "type": "Leader", "versions": "3+", "taggedVersions": "3+", "tag": 0 }
  ],
  "commonStructs": [ { "name": "Leader", "versions": "3+", "fields": [
    { "name": "Id", "type": "int32", "versions": "3+", "default": "-1" } ] } ]
}`)

const topic = { epoch: since(2, int32, -1), offset: int64 }
const leader = struct({ id: int32 })
const fields = {
  old: until(2, string, ''),
  topics: nullable(array(struct(topic)), 2),
  records: nullable(bytes),
  leader: tagged(0, leader, { id: -1 }),
}

const sample = (body: Fields, changed: Partial<Message> = {}): Message => ({
  name: 'SampleRequest',
  versions: [1, 4],
  flexibleFrom: 3,
  ...changed,
  body: struct(body),
})

const differences = (message: Message): readonly string[] =>
  compare(message, definition).differences

test('a true copy has no difference, and every row was compared', () => {
  assert.deepEqual(compare(sample(fields), definition), {
    rows: 1 + 6 + 6 + 7 + 7,
    differences: [],
  })
})

const topicsWith = (changed: Fields): Fields => ({
  ...fields,
  topics: nullable(array(struct(changed)), 2),
})

const planted: Readonly<Record<string, [message: Message, reported: RegExp]>> = {
  type: [sample(topicsWith({ ...topic, offset: int32 })), /v1: ours topics.offset int32; Kafka's/],
  name: [sample(topicsWith({ epoch: topic.epoch, place: int64 })), /topics.place int64/],
  order: [sample(topicsWith({ offset: int64, epoch: topic.epoch })), /v2: ours topics.offset/],
  missing: [sample(topicsWith({ offset: int64 })), /Kafka's topics.epoch/],
  extra: [sample({ ...fields, more: int16 }), /ours more int16; Kafka's nothing/],
  default: [
    sample(topicsWith({ ...topic, epoch: since(2, int32, 0) })),
    /v1: ours topics.epoch is absent and reads as 0; Kafka's .* reads as -1/,
  ],
  'first version': [
    sample(topicsWith({ ...topic, epoch: since(3, int32, -1) })),
    /v2: ours topics.epoch is absent/,
  ],
  'last version': [sample({ ...fields, old: until(1, string, '') }), /v2: ours old is absent/],
  nullability: [
    sample({ ...fields, topics: nullable(array(struct(topic)), 3) }),
    /v2: ours topics \[\]struct; Kafka's topics \[\]struct or null/,
  ],
  tag: [
    sample({ ...fields, leader: tagged(1, leader, { id: -1 }) }),
    /v3: ours leader struct, tag 1/,
  ],
  'default of a tagged struct': [
    sample({ ...fields, leader: tagged(0, leader, { id: 0 }) }),
    /v3: ours .* by default \{"id":0\}; Kafka's .*\{"id":-1\}/,
  ],
  flexibility: [sample(fields, { flexibleFrom: 2 }), /flexible 2; Kafka's/],
  'valid versions': [sample(fields, { versions: [1, 3] }), /versions 1-3, .* versions 1-4/],
}

for (const [what, [message, reported]] of Object.entries(planted))
  test(`a planted difference in ${what} is reported`, () => {
    assert.match(differences(message).join('\n'), reported)
  })

test('a newest version that is unstable is not counted', () => {
  const unstable = { ...definition, latestVersionUnstable: true }
  const message = sample(fields, { versions: [1, 3] })
  assert.deepEqual(compare(message, unstable).differences, [])
})
