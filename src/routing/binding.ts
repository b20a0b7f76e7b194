// A binding: what reaches `source` with a key or headers that match goes to `target` too. Values;
// a table (routing-table.ts) keeps each once, by `bindingId`.
import type { FieldTable } from '../model/message/field.ts'
import { tableText } from '../model/message/field-equality.ts'

export type TargetKind = 'queue' | 'exchange'

export interface Binding {
  readonly source: string
  readonly kind: TargetKind
  readonly target: string
  readonly routingKey: string
  readonly arguments: FieldTable
}

/** The same for two bindings exactly when they are the same. */
export function bindingId(binding: Binding): string {
  const { source, kind, target, routingKey } = binding
  const table = binding.arguments.size === 0 ? '{}' : tableText(binding.arguments)
  return (
    `${kind} ${source.length}:${source} ${target.length}:${target} ` +
    `${routingKey.length}:${routingKey} ${table}`
  )
}

/** The same for two targets exactly when they are the same. */
export const targetId = (kind: TargetKind, name: string): string => `${kind}/${name}`
