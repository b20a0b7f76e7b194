// The broker as one user sees it: the same face, and behind it every operation is asked of the
// user's permissions in a vhost, and every listing leaves out what the user may not see. A door
// gives each client that has logged in one of these, so that no handler can forget to ask. What
// needs which right stands in docs/protocols/kafka.md.

import { type Result, refuse } from '../../model/errors.ts'
import type { Accounts } from '../../security/access/accounts.ts'
import type { Broker, Configs, ConfigTarget, Producers } from '../api.ts'
import { AuthorizedGroups } from './authorized-groups.ts'
import { AuthorizedLogs } from './authorized-logs.ts'
import { AuthorizedTopics } from './authorized-topics.ts'
import { ClientGrants } from './client-grants.ts'
import { Subject } from './subject.ts'

export function authorizedBroker(
  broker: Broker,
  accounts: Accounts,
  user: string,
  vhost: string,
): Broker {
  const subject = new Subject(accounts.authorizer, user, vhost)
  return {
    nodeId: broker.nodeId,
    clusterId: broker.clusterId,
    rack: broker.rack,
    logs: new AuthorizedLogs(broker.logs, subject),
    topics: new AuthorizedTopics(broker.topics, subject),
    configs: authorizedConfigs(broker.configs, subject),
    groups: new AuthorizedGroups(broker.groups, subject),
    producers: authorizedProducers(broker.producers, subject),
    rights: subject,
    grants: new ClientGrants(accounts.permissions, subject),
    prepareGroup: (groupId) =>
      subject.maySeeGroup(groupId) ? broker.prepareGroup(groupId) : 'groupNotAuthorized',
  }
}

function authorizedConfigs(configs: Configs, subject: Subject): Configs {
  const mayChange = (target: ConfigTarget): Result<null> => {
    if (target.kind === 'node')
      return subject.isAdministrator ? { ok: true, value: null } : subject.notAdministrator()
    const { name } = target.topic
    return subject.mayTopic('configure', name)
      ? { ok: true, value: null }
      : subject.refusal('configure', name)
  }
  return {
    describe: (target) => {
      if (target.kind === 'node')
        return subject.mayWatch ? configs.describe(target) : subject.notAdministrator()
      const { name } = target.topic
      return subject.maySee(name) ? configs.describe(target) : subject.refusal('see', name)
    },
    change: async (target, operations, validateOnly) => {
      const may = mayChange(target)
      return may.ok ? configs.change(target, operations, validateOnly) : may
    },
    replace: async (target, values, validateOnly) => {
      const may = mayChange(target)
      return may.ok ? configs.replace(target, values, validateOnly) : may
    },
  }
}

/** A producer id opens nothing: who may use the vhost may have one. */
const authorizedProducers = (producers: Producers, subject: Subject): Producers => ({
  initProducerId: (reply) => {
    if (subject.mayUseVhost) producers.initProducerId(reply)
    else
      reply(
        refuse(
          'clusterNotAuthorized',
          `user '${subject.user}' has no permission in vhost '${subject.vhost}'`,
        ),
      )
  },
})
