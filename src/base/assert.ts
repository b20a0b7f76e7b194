// Assertions that stay on in production: a broken invariant is a bug of ours and ends the process.
// Nothing that came from the network may reach one; bad input is answered with an error value.

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionFailure(message)
}

/** For the `default` of a switch that handles every case: fails to compile when one is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable: ${String(value)}`)
}
