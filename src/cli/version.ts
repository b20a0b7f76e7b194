// The version that the command line and the metrics tell. A test holds it against package.json,
// which is not read at a start because that would cost a file.

export const version = '0.1.0'
