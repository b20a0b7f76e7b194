// /api/overview and /api/nodes: the node as a whole.
import { clusterNameParameter } from '../../../broker/policies/policies.ts'
import type { HttpAnswer } from '../../../io/http.ts'
import { exchangeTypes } from '../../../routing/exchange-types.ts'
import { json, must, noContent, notFound } from '../answer.ts'
import { type Call, textWithin } from '../call.ts'
import { listedWhole, shownOne } from '../listing.ts'
import { addNumbers, churnOf, doorCounts, vhostCounts, vhostLengths } from '../numbers.ts'
import { messageStats, withRates } from '../shown.ts'
import { sessionsOf } from './connections.ts'

const shownTypes = exchangeTypes.map((name) => ({
  name,
  description: `the exchange type ${name}`,
  enabled: true,
}))

const listenerRows = ({ node }: Call) =>
  node.listeners().map(({ protocol, address: { host, port } }) => ({
    node: node.name,
    protocol,
    ip_address: host,
    port,
    socket_opts: {},
  }))

const contexts = ({ node }: Call) =>
  node
    .listeners()
    .filter(({ protocol }) => protocol === 'http')
    .map(({ address: { host, port } }) => ({
      node: node.name,
      description: 'Management',
      path: '/',
      ip: host,
      port: String(port),
    }))

export function overview(call: Call): HttpAnswer {
  const { node, rates, caller } = call
  const cores = call.vhosts()
  const sessions = sessionsOf(call)
  const channels = sessions.flatMap(({ view }) => view.channels())
  const consumers = channels.reduce((sum, channel) => sum + channel.consumerCount, 0)
  const sum = (of: (core: (typeof cores)[number]) => number): number =>
    cores.reduce((total, core) => total + of(core), 0)
  const counts = { ...addNumbers(cores.map(vhostCounts)), ...doorCounts(node) }
  return shownOne(call, {
    management_version: node.behavesLike,
    rates_mode: 'basic',
    sample_retention_policies: { global: [600], basic: [600], detailed: [600] },
    exchange_types: shownTypes,
    product_name: 'PolyMQ',
    product_version: node.version,
    rabbitmq_version: node.behavesLike,
    cluster_name: node.clusterName,
    erlang_version: '',
    erlang_full_version: '',
    disable_stats: false,
    enable_queue_totals: false,
    ...{ message_stats: {}, ...messageStats(counts, rates, node) },
    churn_rates: withRates(churnOf(node), rates, node),
    queue_totals: withRates(addNumbers(cores.map(vhostLengths)), rates, node),
    object_totals: {
      channels: channels.length,
      connections: sessions.length,
      consumers,
      exchanges: sum((core) => core.exchanges.size),
      queues: sum((core) => core.queues.size + core.streams.size),
    },
    statistics_db_event_queue: 0,
    node: node.name,
    ...(caller.may('monitoring') && { listeners: listenerRows(call), contexts: contexts(call) }),
  })
}

// ---- Nodes --------------------------------------------------------------------------------------

function describeNode(call: Call): Record<string, unknown> {
  const { node } = call
  const { residentBytes, startSeconds } = node.stats()
  const disk = node.disk()
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)
  return {
    name: node.name,
    type: 'disc',
    running: node.unhealthy() === null,
    being_drained: false,
    os_pid: String(node.processId),
    uptime: Math.max(0, Math.round(node.clock.now() - startSeconds * 1000)),
    rates_mode: 'basic',
    processors: 1,
    mem_used: residentBytes,
    mem_limit: finite(node.memoryBytesMax),
    mem_alarm: false,
    mem_calculation_strategy: 'rss',
    disk_free: finite(disk.freeBytes),
    disk_free_limit: disk.bytesMin,
    disk_free_alarm: disk.isLow,
    fd_used: node.openFiles() ?? 0,
    fd_total: finite(node.openFilesMax),
    sockets_total: finite(node.openFilesMax),
    sockets_used: node.sockets(),
    exchange_types: shownTypes,
    auth_mechanisms: [{ name: 'PLAIN', description: 'name and password', enabled: true }],
    applications: [{ name: 'polymq', description: 'PolyMQ', version: node.version }],
    contexts: contexts(call),
    db_dir: node.dataDir,
    log_files: [],
    config_files: [],
    partitions: [],
    cluster_links: [],
    enabled_plugins: [],
    ...withRates(churnOf(node), call.rates, node),
  }
}

export const listNodes = (call: Call): Promise<HttpAnswer> =>
  listedWhole(call, [describeNode(call)])

export function showNode(call: Call): HttpAnswer {
  if (call.part('name') !== call.node.name) throw notFound()
  return shownOne(call, describeNode(call))
}

export function showMemory(call: Call): HttpAnswer {
  if (call.part('name') !== call.node.name) throw notFound()
  const { residentBytes, heapBytes, externalBytes } = call.node.stats()
  const total = { rss: residentBytes, allocated: heapBytes + externalBytes, erlang: heapBytes }
  return json({ memory: { heap: heapBytes, external: externalBytes, total } })
}

export const showClusterName = ({ node }: Call): HttpAnswer => json({ name: node.clusterName })

export async function putClusterName(call: Call): Promise<HttpAnswer> {
  const name = textWithin(call.bodyWith('name'), 'name')
  must(await call.node.policies.setGlobalParameter(clusterNameParameter, name))
  return noContent
}
