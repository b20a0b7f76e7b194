// The version of this package, as the command line and the metrics tell it. A test holds it against
// package.json, which is not read at a start because that would cost a file.

export const version = '0.1.0'
