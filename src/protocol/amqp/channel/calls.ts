// How the methods of a channel find what answers them: tables of a method and its function, put
// together by channel-calls.ts. A function must not throw for what a client sent.
import type { Result } from '../../../model/errors.ts'
import type { Fields, Method, Values } from '../methods/schema.ts'
import type { Channel } from './channel.ts'

export interface Call {
  readonly method: Method
  run(channel: Channel, values: Values<Fields>): void
}

export const on = <F extends Fields>(
  method: Method<F>,
  run: (channel: Channel, values: Values<F>) => void,
): Call => ({ method, run: (channel, values) => run(channel, values as Values<F>) })

/** Waits for the core; a refusal closes the channel. */
export function settle<T>(
  channel: Channel,
  method: Method,
  promise: Promise<Result<T>>,
  then: (value: T) => void,
): void {
  channel.home.wait(promise, (result) => {
    if (!result.ok) channel.refuse(result, method)
    else if (channel.isOpen) then(result.value)
  })
}
