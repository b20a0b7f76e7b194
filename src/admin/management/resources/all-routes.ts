// Every path of the API: RabbitMQ's, so that its clients find what they look for.
import { get, post, put, type Route, remove } from '../routes.ts'
import * as about from './about.ts'
import * as bindings from './bindings.ts'
import * as channels from './channels.ts'
import * as connections from './connections.ts'
import * as definitions from './definitions.ts'
import * as exchanges from './exchanges.ts'
import * as health from './health.ts'
import * as imports from './import.ts'
import * as limits from './limits.ts'
import * as messages from './messages.ts'
import * as overview from './overview.ts'
import * as parameters from './parameters.ts'
import * as permissions from './permissions.ts'
import { policyRoutes } from './policies.ts'
import * as queues from './queues.ts'
import * as users from './users.ts'
import * as vhosts from './vhosts.ts'

const ofNode: readonly Route[] = [
  get('/overview', 'management', overview.overview),
  get('/cluster-name', 'management', overview.showClusterName),
  put('/cluster-name', 'administrator', overview.putClusterName),
  get('/nodes', 'monitoring', overview.listNodes),
  get('/nodes/:name', 'monitoring', overview.showNode),
  get('/nodes/:name/memory', 'monitoring', overview.showMemory),
  get('/whoami', 'management', users.whoami),
  get('/extensions', 'management', about.extensions),
  get('/auth', 'management', about.auth),
  get('/feature-flags', 'administrator', about.featureFlags),
  put('/feature-flags/:name/enable', 'administrator', about.enableFeatureFlag),
  get('/deprecated-features', 'management', about.deprecatedFeatures),
  get('/deprecated-features/used', 'management', about.nothingListed),
  get('/federation-links', 'monitoring', about.nothingListed),
  get('/federation-links/:vhost', 'monitoring', about.nothingListed),
  get('/shovels', 'monitoring', about.nothingListed),
  get('/shovels/:vhost', 'monitoring', about.nothingListed),
  post('/rebalance/queues', 'administrator', about.rebalance),
  get('/definitions', 'administrator', definitions.exportAll),
  post('/definitions', 'administrator', imports.importAll),
  get('/definitions/:vhost', 'administrator', definitions.exportVhost),
  post('/definitions/:vhost', 'administrator', imports.importVhost),
]

const healthChecks: readonly Route[] = [
  get('/aliveness-test/:vhost', 'management', messages.aliveness),
  get('/healthchecks/node', 'management', health.node),
  get('/healthchecks/node/:name', 'management', health.named),
  get('/health/checks/alarms', 'management', health.alarms),
  get('/health/checks/local-alarms', 'management', health.alarms),
  get('/health/checks/port-listener/:port', 'management', health.portListener),
  get('/health/checks/protocol-listener/:protocol', 'management', health.protocolListener),
  get('/health/checks/certificate-expiration/:within/:unit', 'management', health.certificates),
  get('/health/checks/virtual-hosts', 'management', health.node),
  get('/health/checks/node-is-mirror-sync-critical', 'management', health.alone),
  get('/health/checks/node-is-quorum-critical', 'management', health.alone),
  get('/health/checks/is-in-service', 'management', health.node),
  get('/health/checks/ready-to-serve-clients', 'management', health.node),
  get('/health/checks/below-node-connection-limit', 'management', health.node),
]

const clients: readonly Route[] = [
  get('/connections', 'management', connections.listConnections),
  get('/connections/:connection', 'management', connections.showConnection),
  remove('/connections/:connection', 'management', connections.closeConnection),
  get('/connections/:connection/channels', 'management', channels.listChannelsOfConnection),
  get('/connections/username/:user', 'management', connections.listConnectionsOfUser),
  remove('/connections/username/:user', 'management', connections.closeConnectionsOfUser),
  get('/vhosts/:vhost/connections', 'management', connections.listConnections),
  get('/channels', 'management', channels.listChannels),
  get('/channels/:channel', 'management', channels.showChannel),
  get('/vhosts/:vhost/channels', 'management', channels.listChannels),
  get('/consumers', 'management', channels.listConsumers),
  get('/consumers/:vhost', 'management', channels.listConsumers),
]

const topology: readonly Route[] = [
  get('/exchanges', 'management', exchanges.listExchanges),
  get('/exchanges/:vhost', 'management', exchanges.listExchanges),
  get('/exchanges/:vhost/:name', 'management', exchanges.showExchange),
  put('/exchanges/:vhost/:name', 'management', exchanges.putExchange),
  remove('/exchanges/:vhost/:name', 'management', exchanges.deleteExchange),
  get('/exchanges/:vhost/:name/bindings/source', 'management', bindings.listSource),
  get('/exchanges/:vhost/:name/bindings/destination', 'management', bindings.listDestination),
  post('/exchanges/:vhost/:name/publish', 'management', messages.publishMessage),
  get('/queues', 'management', queues.listQueues),
  get('/queues/detailed', 'management', queues.listQueues),
  get('/queues/:vhost', 'management', queues.listQueues),
  get('/queues/:vhost/:name', 'management', queues.showQueue),
  put('/queues/:vhost/:name', 'management', queues.putQueue),
  remove('/queues/:vhost/:name', 'management', queues.deleteQueue),
  get('/queues/:vhost/:name/bindings', 'management', bindings.listOfQueue),
  remove('/queues/:vhost/:name/contents', 'management', queues.purgeQueue),
  post('/queues/:vhost/:name/get', 'management', messages.getMessages),
  post('/queues/:vhost/:name/actions', 'administrator', messages.actOnQueue),
  get('/bindings', 'management', bindings.listBindings),
  get('/bindings/:vhost', 'management', bindings.listBindings),
  get('/bindings/:vhost/e/:source/:kind/:target', 'management', bindings.listBetween),
  post('/bindings/:vhost/e/:source/:kind/:target', 'management', bindings.makeBinding),
  get('/bindings/:vhost/e/:source/:kind/:target/:props', 'management', bindings.showBinding),
  remove('/bindings/:vhost/e/:source/:kind/:target/:props', 'management', bindings.deleteBinding),
]

const accounts: readonly Route[] = [
  get('/auth/hash_password/:password', 'management', users.hashOf),
  post('/auth/hash_password/:password', 'management', users.hashOf),
  get('/auth/attempts/:name', 'monitoring', users.showAttempts),
  get('/vhosts', 'management', vhosts.listVhosts),
  get('/vhosts/:vhost', 'management', vhosts.showVhost),
  put('/vhosts/:vhost', 'administrator', vhosts.putVhost),
  remove('/vhosts/:vhost', 'administrator', vhosts.deleteVhost),
  post('/vhosts/:vhost/start/:name', 'administrator', vhosts.startVhost),
  get('/vhosts/:vhost/permissions', 'administrator', vhosts.listVhostPermissions),
  get('/vhosts/:vhost/topic-permissions', 'administrator', vhosts.listVhostTopicPermissions),
  get('/users', 'administrator', users.listUsers),
  get('/users/without-permissions', 'administrator', users.listWithoutPermissions),
  post('/users/bulk-delete', 'administrator', users.deleteUsers),
  get('/users/:user', 'administrator', users.showUser),
  put('/users/:user', 'administrator', users.putUser),
  remove('/users/:user', 'administrator', users.deleteUser),
  get('/users/:user/permissions', 'administrator', permissions.listOfUser),
  get('/users/:user/topic-permissions', 'administrator', permissions.listTopicOfUser),
  get('/permissions', 'administrator', permissions.listAll),
  get('/permissions/:vhost/:user', 'administrator', permissions.showPermission),
  put('/permissions/:vhost/:user', 'administrator', permissions.putPermission),
  remove('/permissions/:vhost/:user', 'administrator', permissions.deletePermission),
  get('/topic-permissions', 'administrator', permissions.listAllTopics),
  get('/topic-permissions/:vhost/:user', 'administrator', permissions.showTopicPermissions),
  put('/topic-permissions/:vhost/:user', 'administrator', permissions.putTopicPermission),
  remove('/topic-permissions/:vhost/:user', 'administrator', permissions.deleteTopicPermission),
  remove(
    '/topic-permissions/:vhost/:user/:exchange',
    'administrator',
    permissions.deleteTopicPermission,
  ),
]

const settings: readonly Route[] = [
  ...policyRoutes,
  get('/parameters', 'policymaker', parameters.listParameters),
  get('/parameters/:component', 'policymaker', parameters.listParameters),
  get('/parameters/:component/:vhost', 'policymaker', parameters.listParameters),
  get('/parameters/:component/:vhost/:name', 'policymaker', parameters.showParameter),
  put('/parameters/:component/:vhost/:name', 'administrator', parameters.putParameter),
  remove('/parameters/:component/:vhost/:name', 'administrator', parameters.deleteParameter),
  get('/global-parameters', 'administrator', parameters.listGlobalParameters),
  get('/global-parameters/:name', 'administrator', parameters.showGlobalParameter),
  put('/global-parameters/:name', 'administrator', parameters.putGlobalParameter),
  remove('/global-parameters/:name', 'administrator', parameters.deleteGlobalParameter),
  get('/vhost-limits', 'management', limits.listVhostLimits),
  get('/vhost-limits/:vhost', 'management', limits.listVhostLimits),
  put('/vhost-limits/:vhost/:name', 'administrator', limits.putVhostLimit),
  remove('/vhost-limits/:vhost/:name', 'administrator', limits.deleteVhostLimit),
  get('/user-limits', 'management', limits.listUserLimits),
  get('/user-limits/:user', 'management', limits.listUserLimits),
  put('/user-limits/:user/:name', 'administrator', limits.putUserLimit),
  remove('/user-limits/:user/:name', 'administrator', limits.deleteUserLimit),
]

export const allRoutes: readonly Route[] = [
  ...ofNode,
  ...healthChecks,
  ...clients,
  ...topology,
  ...accounts,
  ...settings,
]
