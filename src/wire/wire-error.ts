// The one error that decoders throw: bytes from outside that do not mean what they should.
// Its message names the field and what is wrong with it; whoever called the decoder catches it.

export class WireError extends Error {
  override readonly name = 'WireError'
}
