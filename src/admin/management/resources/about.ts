// What the API says of itself: parts that clients look for before they begin.
import type { HttpAnswer } from '../../../io/http.ts'
import { badRequest, json, noContent } from '../answer.ts'
import type { Call } from '../call.ts'

export const extensions = (): HttpAnswer => json([])
export const auth = (): HttpAnswer =>
  json({ oauth_enabled: false, enable_uaa: false, uaa_client_id: '', uaa_location: '' })

/** What a client of RabbitMQ's current release may take for granted. */
const flags = [
  'classic_queue_type_delivery_support',
  'drop_unroutable_metric',
  'empty_basic_get_metric',
  'implicit_default_bindings',
  'maintenance_mode_status',
  'quorum_queue',
  'stream_queue',
  'user_limits',
  'virtual_host_metadata',
]

export const featureFlags = (): HttpAnswer =>
  json(
    flags.map((name) => ({
      name,
      state: 'enabled',
      stability: 'required',
      desc: '',
      doc_url: '',
      provided_by: 'polymq',
    })),
  )

/** All are. */
export function enableFeatureFlag(call: Call): HttpAnswer {
  if (!flags.includes(call.part('name'))) throw badRequest('unsupported')
  return noContent
}

/** What RabbitMQ means to take away, and works here. */
const deprecated = [
  ['global_qos', 'a limit of the channel for all its consumers together'],
  ['transient_nonexcl_queues', 'queues that are neither durable nor exclusive'],
] as const

export const deprecatedFeatures = (): HttpAnswer =>
  json(
    deprecated.map(([name, desc]) => ({
      name,
      desc,
      deprecation_phase: 'permitted_by_default',
      state: 'permitted',
      doc_url: '',
      provided_by: 'polymq',
    })),
  )

/** There is one node: nothing moves. */
export const rebalance = (): HttpAnswer => noContent
export const nothingListed = (): HttpAnswer => json([])
