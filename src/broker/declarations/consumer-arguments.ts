// The arguments that a consumer may bring: which are known, and on which type of queue. Pure. What
// nobody knows is kept and does nothing.
import { ok, type Result } from '../../model/errors.ts'
import type { FieldTable } from '../../model/message/field.ts'
import { integerOf } from '../../model/message/field.ts'
import { typeName } from './equivalence.ts'
import { checkTimeout, queueType } from './queue-arguments.ts'
import { invalidArgument } from './refusals.ts'

const ofStreams = ['x-stream-offset', 'x-stream-filter', 'x-stream-match-unfiltered']

/** Refused with `preconditionFailed`; `label` names the queue, whose own arguments are `queue`. */
export function checkConsumerArguments(
  { arguments: table }: { readonly arguments: FieldTable },
  queue: FieldTable,
  label: string,
): Result<null> {
  const priority = table.get('x-priority')
  if (priority !== undefined && integerOf(priority) === null)
    return invalidArgument('x-priority', label, `"expected integer, got ${typeName(priority)}"`)
  const timeout = checkTimeout(table, label)
  if (!timeout.ok) return timeout
  const misplaced = ofStreams.find((name) => table.has(name))
  if (misplaced === undefined) return ok(null)
  const refused = invalidArgument(misplaced, label, '')
  const type = `rabbit_${queueType(queue)}_queue`
  return { ...refused, message: `invalid arg '${misplaced}' for ${label} of queue type ${type}` }
}
