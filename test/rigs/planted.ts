// Plants one bug at a time in a copy of what was built, and expects a simulation to find it: `npm
// run sim:planted`. Prints how many seeds each one took; ends with 1 when one was not found, and
// says how that simulation ended.
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../../scripts/peers/root.ts'

interface Planted {
  /** Below test/rigs: which simulation is to find it; absent: that of the log. */
  readonly by?: 'sim' | 'queues'
  readonly bug: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

const planted: readonly Planted[] = [
  {
    bug: 'acknowledge before fsync',
    file: 'log/journal/commit-writer.js',
    find: 'if (commit.sync && this.#unsynced.size === 0) {\n            await file.durable.write(',
    replace: 'if (commit.sync && this.#unsynced.size === 0) {\n            await file.plain.write(',
  },
  {
    bug: 'skip the directory fsync',
    file: 'log/flusher.js',
    find: 'await disk.syncDir(segmentFolder)',
    replace: 'await null',
  },
  {
    bug: 'trust a bad length',
    file: 'log/journal/journal-scan.js',
    find: 'if (!isWhole && !(await this.#wasDurable(lsn, lsn + bytes)))',
    replace: 'if (false)',
  },
  {
    bug: 'reuse a slab too early',
    file: 'log/journal/slab-cache.js',
    find: 'if (oldest.pins === 0)',
    replace: 'if (oldest.pins >= 0)',
  },
  {
    bug: 'lose producer state',
    file: 'log/flusher.js',
    find: '{ producers: log.producers.snapshot(end) }',
    replace: '{}',
  },
  {
    by: 'queues',
    bug: 'forget with the node what was rejected and could not leave yet',
    file: 'queue/departures.js',
    find: 'this.#noteLeft();',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'call new what was delivered before a kill',
    file: 'queue/lane.js',
    find: 'wasClosed ? told : this.end',
    replace: 'told',
  },
  {
    by: 'queues',
    bug: 'deliver what moves before that is durable',
    file: 'queue/arrivals.js',
    find: '!node.isMoving && this.isEmpty',
    replace: 'this.isEmpty',
  },
  {
    by: 'queues',
    bug: 'settle a move before it is in the commit',
    file: 'queue/placing.js',
    find:
      'if (isOne)\n            journal.together(bytes, frames);\n        ' +
      'if (!this.#placeData(stocks, isOne) || !this.#placeNotes(noted, isOne))',
    replace: 'if (!this.#placeNotes(noted, false) || !this.#placeData(stocks, false))',
  },
  {
    by: 'queues',
    bug: 'settle a move in another commit',
    file: 'queue/placing.js',
    find: 'this.#hasMoves = true',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'trim too early',
    file: 'queue/placing.js',
    find: 'this.#mayGo(stock, log, lane.settled.lowWater)',
    replace: 'this.#mayGo(stock, log, lane.cursor)',
  },
  {
    by: 'queues',
    bug: 'skip a message at the edge of a batch',
    file: 'queue/lane-reader.js',
    find: 'this.#batchTo = header.nextOffset',
    replace: 'this.#batchTo = header.nextOffset - 1',
  },
  {
    by: 'queues',
    bug: 'confirm before the commit',
    file: 'queue/placing.js',
    find: 'else\n            this.#store.journal.whenCommitted(this.#lsn, durable)',
    replace: 'else durable()',
  },
  {
    by: 'queues',
    bug: 'confirm without the settlements before',
    file: 'queue/placing.js',
    find: 'this.place(durable !== null)',
    replace: 'this.place(false)',
  },
  {
    by: 'queues',
    bug: 'lose delivery counts',
    file: 'queue/ledger.js',
    find: 'writeReturned(record, entry)',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'leave a range out of a snapshot',
    file: 'queue/ledger.js',
    find: 'settled.ranges((from, to) => ranges.push(from, to))',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'give the space back of what is not settled durably',
    file: 'queue/queues.js',
    find: 'await new Promise((resolve) => this.flush(resolve));\n        await reclaimer',
    replace: 'await reclaimer',
  },
  {
    by: 'queues',
    bug: 'give the space back of what is in flight',
    file: 'queue/queues.js',
    find: 'await reclaimer.reclaim(log, asOfNow, below)',
    replace:
      'asOfNow.addRange(0, lane.cursor);\n        await reclaimer.reclaim(log, asOfNow, below)',
  },
  {
    by: 'queues',
    bug: 'forget how much there was of what is gone',
    file: 'queue/queues.js',
    find: 'lane.bytesSinceMark = Number.POSITIVE_INFINITY',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'send dead letters before bindings are known',
    file: 'broker/messaging/node-messaging.js',
    find: 'node.queues.rest()',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'confirm what is on its way into a stream',
    file: 'broker/messaging/node-messaging.js',
    find: 'streams.flush(done)',
    replace: 'streams.flush(null); done()',
  },
  {
    by: 'queues',
    bug: 'keep the place behind what was delivered, settled or not',
    file: 'stream/stream-reader.js',
    find: 'unsettled?.position(lane.next) ?? lane.next',
    replace: 'lane.next',
  },
  {
    by: 'queues',
    bug: 'begin where a reader left off, and one too far',
    file: 'stream/streams.js',
    find: 'placeAt(Math.min(goesOnAt, log.logEndOffset))',
    replace: 'placeAt(Math.min(goesOnAt + 1, log.logEndOffset))',
  },
  {
    by: 'queues',
    bug: 'forget in the ledger what is settled of a topic',
    file: 'queue/lane.js',
    find: 'if (isNoted)\n            this.#note(offset, offset + 1)',
    replace: 'if (isNoted && !this.isOfTopic)\n            this.#note(offset, offset + 1)',
  },
  {
    by: 'queues',
    bug: 'let a policy that changes pass by the queues that are there',
    file: 'broker/messaging/node-messaging.js',
    find: 'node.#passes.begin(vhosts)',
    replace: 'undefined',
  },
  {
    by: 'queues',
    bug: 'forget that what is with a consumer may expire',
    file: 'queue/departures.js',
    find: 'this.mayExpire ||= this.ttlMs(message) < Number.POSITIVE_INFINITY',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'forget policies at a start',
    file: 'broker/policies/policies.js',
    find: "this.#apply({ kind: 'put', entry })",
    replace: '',
  },
  {
    by: 'queues',
    bug: 'take one more than the length that is asked for',
    file: 'queue/departures.js',
    find: 'ready + more > maxLength',
    replace: 'ready > maxLength',
  },
  {
    by: 'queues',
    bug: 'close the files that a reader of a stream reads',
    file: 'stream/streams.js',
    find: 'await this.#readAheads.close()',
    replace: 'void this.#readAheads.close()',
  },
  {
    by: 'queues',
    bug: 'go by the longest of the lengths that are asked for',
    file: 'broker/policies/policy-keys.js',
    find: 'return Math.min(a, b)',
    replace: 'return Math.max(a, b)',
  },
  {
    by: 'queues',
    bug: 'drop by a limit only when the next message comes',
    file: 'queue/queue.js',
    find:
      'this.#consumers.setSingle(settings.singleActiveConsumer);\n        ' +
      'this.#node.attend(this)',
    replace: 'this.#consumers.setSingle(settings.singleActiveConsumer)',
  },
  {
    by: 'queues',
    bug: 'open a session in another vhost',
    file: 'broker/messaging/node-messaging.js',
    find: 'new SessionVhost(core, owner, user, authorizer)',
    replace: "new SessionVhost(this.vhosts.get('/'), owner, user, authorizer)",
  },
  {
    by: 'queues',
    bug: 'take messages into streams while the disk is full',
    file: 'stream/topic-appends.js',
    find: 'memory === null && this.#store.space.isLow',
    replace: 'false',
  },
  {
    by: 'queues',
    bug: 'not tell publishers that there is room again',
    file: 'log/log-store.js',
    find: 'this.journal.roomMayHaveGrown();\n        }\n        this.#stalled',
    replace: '}\n        this.#stalled',
  },
  {
    by: 'queues',
    bug: 'settle a dead letter that nobody has taken',
    file: 'queue/departures.js',
    find: 'else if (!this.#give(this.#stock.message, why, true))',
    replace: 'else if (!this.#give(this.#stock.message, why, true) && why === null)',
  },
  {
    by: 'queues',
    bug: 'give a dead letter to some of those that it belongs to',
    file: 'broker/messaging/dead-letters.js',
    find: 'targets.some((to) => to.refuses(letter.dead))',
    replace: 'false',
  },
  {
    by: 'queues',
    bug: 'settle a dead letter before it is on its way into a stream',
    file: 'broker/messaging/hosted-stream.js',
    find: 'this.#streams.flush(null)',
    replace: '',
  },
  {
    by: 'queues',
    bug: 'read again where compaction has left nothing',
    file: 'queue/lane-reader.js',
    find: "this.#seek(offset) ? 'there' : 'gap'",
    replace: "this.#seek(offset) ? 'there' : 'load'",
  },
  {
    by: 'queues',
    bug: 'take what compaction has left out for the end of a topic',
    file: 'queue/stock.js',
    find: 'lane.reader.gapTo',
    replace: 'lane.end',
  },
]

/** A simulation that takes longer has met a bug that it cannot say. */
const longestMs = 15 * 60_000

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '4000' },
    /** A part of the name of those that are planted; all without it. */
    bug: { type: 'string', default: '' },
  },
})
let missed = 0
for (const each of planted) if (each.bug.includes(values.bug) && !find(each)) missed++
process.exitCode = missed === 0 ? 0 : 1

function find({ by = 'sim', bug, file, find, replace }: Planted): boolean {
  const copy = join(root, 'build', 'planted')
  rmSync(copy, { recursive: true, force: true })
  for (const part of ['src', 'test'])
    cpSync(join(root, 'build', part), join(copy, part), { recursive: true })
  const path = join(copy, 'src', file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) throw new Error(`${bug}: ${file} does not hold it once`)
  writeFileSync(path, text.replace(find, replace))
  const main = join(copy, 'test', 'rigs', by, 'main.js')
  const args = [main, '--seed', '1', '--seeds', values.seeds, '--failures', '1', '--workers', '1']
  const options = { encoding: 'utf8', timeout: longestMs, killSignal: 'SIGKILL' } as const
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, options)
  rmSync(copy, { recursive: true, force: true })
  const seeds = /(\d+) seeds, 1 failed/.exec(stdout)?.[1]
  const said = /^seed \d+: (.*)$/m.exec(stdout)?.[1]
  const isFound = status === 1 && seeds !== undefined
  console.log(isFound ? `${bug}: found by seed ${seeds}: ${said}` : `${bug}: NOT found`)
  if (!isFound)
    console.log(`  it ended with ${signal ?? status}: ${(stderr + stdout).slice(-2000)}`)
  return isFound
}
