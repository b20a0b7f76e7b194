// The part of docs/protocols/kafka.md that tells what becomes of each configuration key, made from
// the tables of the code.
import { brokerKeys } from '../../../src/model/config/broker-keys.ts'
import type { ConfigKey } from '../../../src/model/config/config-key.ts'
import { topicKeys } from '../../../src/model/config/topic-keys.ts'

const own = (key: ConfigKey): boolean => key.name.startsWith('polymq.')

/** Keys that the broker has because a topic has them: they are told of once. */
const mirrors = new Set([...topicKeys.values()].flatMap((key) => key.synonyms))

export function keysPart(): string {
  const ofBroker = [...brokerKeys.values()].filter((key) => !mirrors.has(key.name))
  return [
    '### Of a topic',
    table([...topicKeys.values()]),
    '### Of the broker, where it does not do what Kafka does',
    [
      'Every other key that DescribeConfigs shows works; all that Kafka lets change while it runs',
      'are there. A key that Kafka reads only at its start, and that means nothing here, is',
      'refused, and so is one that Kafka does not know either, and keeps without a use.',
    ].join('\n'),
    table(ofBroker.filter((key) => key.effect !== 'works')),
    '### Of the broker, not of Kafka',
    'Set at the start (`--set KEY=VALUE`), some also while the broker runs.',
    ownTable(ofBroker.filter(own)),
  ].join('\n\n')
}

const table = (keys: readonly ConfigKey[]): string =>
  [
    '| key | default | |',
    '|---|---|---|',
    ...sorted(keys).map((key) => `| \`${key.name}\` | ${defaultOf(key)} | ${effectOf(key)} |`),
  ].join('\n')

const effects = { works: 'works', accepted: 'no effect', refused: 'only the default' }

function effectOf({ effect, reason }: ConfigKey): string {
  return reason === undefined ? effects[effect] : `${effects[effect]}: ${reason}`
}

const ownTable = (keys: readonly ConfigKey[]): string =>
  [
    '| key | default | |',
    '|---|---|---|',
    ...sorted(keys).map((key) => `| \`${key.name}\` | ${defaultOf(key)} | ${key.documentation} |`),
  ].join('\n')

const defaultOf = ({ default: text }: ConfigKey): string =>
  text === null || text === '' ? '' : `\`${text}\``

const sorted = (keys: readonly ConfigKey[]): ConfigKey[] =>
  [...keys].sort((a, b) => (a.name < b.name ? -1 : 1))
