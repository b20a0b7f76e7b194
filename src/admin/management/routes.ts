// The paths of the API as a table, and which of them a request means. A part of a path is decoded
// after the path is split, so that %2F stays within a name.
import type { HttpAnswer } from '../../io/http.ts'
import type { Call } from './call.ts'
import type { Need } from './caller.ts'

export type Handler = (call: Call) => HttpAnswer | Promise<HttpAnswer>

export interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Behind /api; `:name` stands for any part. */
  readonly path: string
  /** The tag that is needed. */
  readonly need: Need
  readonly handle: Handler
}

export const get = (path: string, need: Need, handle: Handler): Route => ({
  ...{ method: 'GET', path, need, handle },
})
export const put = (path: string, need: Need, handle: Handler): Route => ({
  ...{ method: 'PUT', path, need, handle },
})
export const post = (path: string, need: Need, handle: Handler): Route => ({
  ...{ method: 'POST', path, need, handle },
})
export const remove = (path: string, need: Need, handle: Handler): Route => ({
  ...{ method: 'DELETE', path, need, handle },
})

export interface Found {
  readonly route: Route
  readonly parts: Readonly<Record<string, string>>
}

export class RouteTable {
  readonly #bySize = new Map<number, { readonly names: readonly string[]; route: Route }[]>()

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const names = route.path.split('/').slice(1)
      const sized = this.#bySize.get(names.length) ?? []
      this.#bySize.set(names.length, sized)
      sized.push({ names, route })
    }
  }

  /** The routes of a path, one for each method; none: there is nothing at it. */
  find(path: string): Found[] {
    const segments = segmentsOf(path)
    if (segments === null) return []
    const found: Found[] = []
    for (const { names, route } of this.#bySize.get(segments.length) ?? []) {
      const parts = matched(names, segments)
      const isKnown = found.some((each) => each.route.method === route.method)
      if (parts !== null && !isKnown) found.push({ route, parts })
    }
    return found
  }
}

/** Behind /api; null: it is not below it, or not well-formed. */
function segmentsOf(path: string): string[] | null {
  const [empty, api, ...segments] = path.split('/')
  if (empty !== '' || api !== 'api') return null
  if (segments.at(-1) === '') segments.pop()
  try {
    return segments.map(decodeURIComponent)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

function matched(
  names: readonly string[],
  segments: readonly string[],
): Record<string, string> | null {
  const parts: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const segment = segments[index] ?? ''
    if (name.startsWith(':')) parts[name.slice(1)] = segment
    else if (name !== segment) return null
  }
  return parts
}
