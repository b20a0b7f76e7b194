// A topic that the node keeps for itself, made when it is first needed, so that a node without its
// use has none.
import type { Image } from '../metadata/image.ts'
import type { Topics } from '../metadata/topics.ts'
import type { Topic } from '../model/topic.ts'

export interface InternalLayout {
  readonly partitions: number
  readonly configs: readonly (readonly [string, string])[]
}

export class InternalTopic {
  readonly name: string
  readonly #image: Image
  readonly #operations: Topics
  /** Asked when it is made. */
  readonly #layout: () => InternalLayout
  #made: Promise<Topic | null> | null = null

  constructor(image: Image, operations: Topics, name: string, layout: () => InternalLayout) {
    this.#image = image
    this.#operations = operations
    this.name = name
    this.#layout = layout
  }

  get existing(): Topic | null {
    return this.#image.topic(this.name)
  }

  /** Null when it could not be made. */
  get(): Promise<Topic | null> {
    const topic = this.existing
    if (topic !== null) return Promise.resolve(topic)
    this.#made ??= this.#make().finally(() => {
      this.#made = null
    })
    return this.#made
  }

  async #make(): Promise<Topic | null> {
    const wish = {
      name: this.name,
      replicationFactor: -1,
      assignments: null,
      internal: true,
      ...this.#layout(),
    }
    await this.#operations.create([wish], { validateOnly: false })
    return this.existing
  }
}
