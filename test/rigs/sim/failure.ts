// What a rig found wrong. Thrown by the checks, caught once per seed.
export class RigFailure extends Error {
  override readonly name = 'RigFailure'
}

export function expect(condition: unknown, message: () => string): asserts condition {
  if (!condition) throw new RigFailure(message())
}
