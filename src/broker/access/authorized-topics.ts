// Topics as one user sees them: those without any right on their name are as if they were not
// there, and what is not there may not be looked for either, so that nobody learns of names by
// asking. To make, change or delete one takes the right to configure its name.
import type { ErrorName, Result } from '../../model/errors.ts'
import type { TopicId } from '../../model/ids.ts'
import type { Topic } from '../../model/topic.ts'
import type { NewTopic, Topics } from '../api.ts'
import type { Subject } from './subject.ts'

export class AuthorizedTopics implements Topics {
  readonly #topics: Topics
  readonly #subject: Subject

  constructor(topics: Topics, subject: Subject) {
    this.#topics = topics
    this.#subject = subject
  }

  named(name: string): Topic | null {
    const topic = this.#topics.named(name)
    return topic !== null && this.#subject.maySee(name) ? topic : null
  }

  absent(name: string): ErrorName {
    return this.#subject.maySee(name) ? this.#topics.absent(name) : 'accessRefused'
  }

  withId(id: TopicId): Topic | null {
    const topic = this.#topics.withId(id)
    return topic !== null && this.#subject.maySee(topic.name) ? topic : null
  }

  *all(): Iterable<Topic> {
    for (const topic of this.#topics.all()) if (this.#subject.maySee(topic.name)) yield topic
  }

  create(topic: NewTopic, validateOnly: boolean): Promise<Result<Topic>> {
    return this.#configuring(topic.name, () => this.#topics.create(topic, validateOnly))
  }

  async createOnDemand(name: string, forbidden: boolean): Promise<Result<Topic>> {
    if (!this.#subject.maySee(name)) return this.#subject.refusal('see', name)
    if (this.#subject.mayTopic('configure', name))
      return this.#topics.createOnDemand(name, forbidden)
    const made = await this.#topics.createOnDemand(name, true)
    const isMissed = !made.ok && made.error === 'unknownTopic' && !forbidden
    return isMissed ? this.#subject.refusal('configure', name) : made
  }

  delete(topic: Topic): Promise<Result<null>> {
    return this.#configuring(topic.name, () => this.#topics.delete(topic))
  }

  addPartitions(
    topic: Topic,
    count: number,
    assignments: readonly (readonly number[])[] | null,
    validateOnly: boolean,
  ): Promise<Result<null>> {
    return this.#configuring(topic.name, () =>
      this.#topics.addPartitions(topic, count, assignments, validateOnly),
    )
  }

  reassign(nodes: readonly number[] | null): Result<null> {
    if (!this.#subject.isAdministrator) return this.#subject.notAdministrator()
    return this.#topics.reassign(nodes)
  }

  async #configuring<T>(name: string, act: () => Promise<Result<T>>): Promise<Result<T>> {
    return this.#subject.mayTopic('configure', name)
      ? act()
      : this.#subject.refusal('configure', name)
  }
}
