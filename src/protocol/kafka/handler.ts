// What an API is to the door: its layout and the function that answers it. Each file of the rooms
// data, group and admin declares some with `handler` (answers whenever it likes, through its call)
// or `answering` (returns the answer or a promise of it). A request's byte fields are views that
// are valid only until the function returns; what is kept longer is copied.
import type { Draft, Of, Struct } from '../../wire/schema.ts'
import type { Call } from './call.ts'
import type { Api } from './schema/api.ts'

export interface Handler {
  readonly api: Api
  readonly handle: (request: unknown, call: Call<unknown>) => void
}

export function handler<Q extends Struct, R extends Struct>(
  api: Api<Q, R>,
  handle: (request: Of<Q>, call: Call<Draft<R>>) => void,
): Handler {
  // The dispatcher decodes with this very api, so the types meet again at run time.
  return { api: api as unknown as Api, handle: handle as Handler['handle'] }
}

/** For an API whose answer follows from its request: at once, or when a promise is kept. */
export function answering<Q extends Struct, R extends Struct>(
  api: Api<Q, R>,
  answer: (request: Of<Q>, call: Call<Draft<R>>) => Draft<R> | Promise<Draft<R>>,
): Handler {
  return handler(api, (request, call) => {
    const response = answer(request, call)
    if (response instanceof Promise) void response.then((kept) => call.reply(kept))
    else call.reply(response)
  })
}
