// What a reader of files says when stored bytes are wrong where a crash cannot have made them so.

/** `path` holds bytes at `position` that are not what was written there. Nothing was changed. */
export class CorruptFileError extends Error {
  override readonly name = 'CorruptFileError'
  readonly path: string
  readonly position: number
  constructor(path: string, position: number, what: string) {
    super(`${path} is corrupt at byte ${position}: ${what}`)
    this.path = path
    this.position = position
  }
}
