// Where PolyMQ answers otherwise than RabbitMQ 3.10.8, on purpose, and why. A difference that is not
// listed here fails the comparison, and so does a listed one that no longer occurs.
// docs/protocols/amqp.md shows this list to people.
import type { Difference } from '../answers.ts'

export const sections: readonly { readonly title: string; readonly list: readonly Difference[] }[] =
  []

export const differences: readonly Difference[] = sections.flatMap(({ list }) => list)
