// A setting that is unknown or has a bad value; the message names it and says what it may be.
// Thrown while a broker is started, told by the command line.

export class BadSettingError extends Error {
  override readonly name = 'BadSettingError'
}
