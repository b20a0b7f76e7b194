import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MessageView } from '../../src/model/message/message.ts'
import { buildProperties, property, textProperty } from '../../src/model/message/properties.ts'
import { Addresses, StoredRecords } from '../../src/model/message/stored-message.ts'
import { BatchHeader, headerBytes } from '../../src/model/record-batch.ts'
import { checkRecords } from '../../src/model/records.ts'
import { BatchBuilder, BatchMemory } from '../../src/queue/memory/batch-builder.ts'

const name = fc.string({ maxLength: 60 })
const kinds = [property.messageId, property.correlationId, property.type]
const propertiesOf = (texts: readonly string[]) =>
  buildProperties(texts.map((text, i) => textProperty(kinds[i] as number, text)))
const stored = fc.record({
  exchange: name,
  routingKey: name,
  properties: fc.array(fc.string({ maxLength: 80 }), { maxLength: 3 }).map(propertiesOf),
  body: fc.uint8Array({ maxLength: 20_000 }),
  after: fc.integer({ min: -5000, max: 2 ** 40 }),
})

test('messages are read from a batch as they were written, which Kafka clients can read', () => {
  fc.assert(
    fc.property(fc.array(stored, { minLength: 1, maxLength: 20 }), (messages) => {
      const addresses = new Addresses()
      const start = 1_700_000_000_000
      const builder = new BatchBuilder(new BatchMemory(), 77, start)
      const view = new MessageView()
      for (const m of messages)
        builder.add(
          view.set(m.exchange, m.routingKey, m.properties, m.body),
          addresses,
          start + m.after,
        )
      const batch = builder.build()
      const header = new BatchHeader().moveTo(batch)
      assert.equal(header.checksum(), header.crc)
      assert.equal(checkRecords(header.records(), messages.length), null)
      const records = new StoredRecords()
      records.open(batch, headerBytes, batch.length, 77, start)
      for (const [i, m] of [...messages.entries()].reverse()) {
        assert.ok(records.seek(77 + i))
        records.read(view, addresses, 'q')
        assert.deepEqual(
          [view.exchange, view.routingKey, records.timestampMs - start],
          [m.exchange, m.routingKey, m.after],
        )
        assert.deepEqual([...view.properties], [...m.properties])
        assert.deepEqual([...view.body], [...m.body])
        assert.equal(records.bodyBytes, m.body.length)
      }
      assert.equal(records.seek(77 + messages.length), false)
    }),
    { numRuns: 100, seed: 4 },
  )
})
