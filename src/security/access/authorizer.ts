// Who may do what: one authorizer, below every door. A user has for each vhost three patterns of
// names, of what may be configured (made, changed, deleted), written to and read from; no entry, no
// access. Answers come at once, and what was asked before costs a look-up; a change of permissions
// counts from the next question on. Made by the accounts of a node.
import type { AccessImage, TopicPermission } from './access-image.ts'
import type { Right } from './access-values.ts'

/** What the default exchange, whose name is empty, is called in permissions. */
const defaultExchange = 'amq.default'

export interface Authorizer {
  /** Moves whenever an answer may have changed. */
  readonly version: number
  /** What the rights of the user in the vhost rest on: another once they change; null for none. */
  rightsOf(user: string, vhost: string): object | null
  /** Whether the user has any permission in the vhost, which is needed to come in. */
  mayUse(user: string, vhost: string): boolean
  /** `resource`: the name of an exchange, a queue, a topic or a group; '' the default exchange. */
  may(user: string, vhost: string, right: Right, resource: string): boolean
  /**
   * Whether a message with this routing key may be published to the exchange, or such a binding be
   * made (`read`), as far as topic permissions go: where there is none for the exchange, it may.
   */
  mayTopic(
    user: string,
    vhost: string,
    right: 'write' | 'read',
    exchange: string,
    routingKey: string,
  ): boolean
  /** Whether there is one for the exchange; without any, every key is permitted. */
  limitsTopics(user: string, vhost: string, exchange: string): boolean
  /** Whether the user has a tag: administrator, monitoring, policymaker, management, ... */
  hasTag(user: string, tag: string): boolean
}

export class ImageAuthorizer implements Authorizer {
  readonly #image: AccessImage

  constructor(image: AccessImage) {
    this.#image = image
  }

  get version(): number {
    return this.#image.version
  }

  rightsOf(user: string, vhost: string): object | null {
    return this.#image.permission(vhost, user)
  }

  mayUse(user: string, vhost: string): boolean {
    return this.#image.permission(vhost, user) !== null
  }

  may(user: string, vhost: string, right: Right, resource: string): boolean {
    const permission = this.#image.permission(vhost, user)
    if (permission === null) return false
    return permission[right].matches(resource === '' ? defaultExchange : resource)
  }

  mayTopic(
    user: string,
    vhost: string,
    right: 'write' | 'read',
    exchange: string,
    routingKey: string,
  ): boolean {
    const permission = this.#topicPermission(user, vhost, exchange)
    return permission === null || permission[right].matches(routingKey)
  }

  limitsTopics(user: string, vhost: string, exchange: string): boolean {
    return this.#topicPermission(user, vhost, exchange) !== null
  }

  #topicPermission(user: string, vhost: string, exchange: string): TopicPermission | null {
    return this.#image.topicPermission(vhost, user, exchange)
  }

  hasTag(user: string, tag: string): boolean {
    return this.#image.user(user)?.tags.includes(tag) ?? false
  }
}
