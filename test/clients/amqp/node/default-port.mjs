// Loaded before a test suite that names the default port: whoever connects to 5672 on this machine
// gets the port in AMQP_PORT. So the suite stays as it is.
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

const { Socket } = net
const { connect } = Socket.prototype
const defaultPort = 5672
const port = Number(process.env['AMQP_PORT'])

/**
 * `connect(options)`, `connect(port, host)`, or the normalized array of the two from net.connect.
 */
const redirected = ([first, ...rest]) => {
  if (Array.isArray(first)) {
    const [options, callback] = first
    if (Number(options.port) === defaultPort) options.port = port
    return [first, callback, ...rest].slice(0, 1 + rest.length)
  }
  if (typeof first === 'object' && Number(first?.port) === defaultPort)
    return [{ ...first, port }, ...rest]
  return [Number(first) === defaultPort ? port : first, ...rest]
}

Socket.prototype.connect = function connectElsewhere(...args) {
  return connect.apply(this, redirected(args))
}
syncBuiltinESMExports()
