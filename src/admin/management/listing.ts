// Lists: whole, or a page of them, as the query asks: page, page_size, name, use_regex, sort,
// sort_reverse, columns. A list is described piece by piece while it is sent, giving way to other
// work, so that a hundred thousand queues neither stand in memory as JSON nor hold the event loop.
import { brief, jsonText } from '../../base/json.ts'
import { sortedInTurns } from '../../base/sorted-in-turns.ts'
import { TimedTurns } from '../../base/timed-turns.ts'
import type { HttpAnswer } from '../../io/http.ts'
import { PatternCompiler } from '../../security/access/name-pattern.ts'
import { badRequest, json, pieces, Refused } from './answer.ts'
import type { Call } from './call.ts'
import { matchingNames } from './matching-names.ts'

export type Shown = Readonly<Record<string, unknown>>

const pageSizeMax = 500
const pageSizeDefault = 100
const pieceChars = 65_536

export interface Named {
  readonly name: string
}

/** `describe` makes what is shown of an item; `items` come in the order of a list unasked. */
export async function listed<T>(
  call: Call,
  items: readonly T[],
  nameOf: (item: T) => string,
  describe: (item: T) => Shown,
): Promise<HttpAnswer> {
  const columns = columnsOf(call)
  const show = (item: T): Shown => only(describe(item), columns)
  const paging = pagingOf(call)
  const sort = sortOf(call)
  if (paging === null && sort === null) return pieces(streamed(call, items, show))
  const filtered = paging === null ? items : await named(call, paging, items, nameOf)
  const sorted = sort === null ? filtered : await sortedBy(call, sort, filtered, describe)
  if (paging === null) return pieces(streamed(call, sorted, show))
  const { page, size } = paging
  const pages = Math.ceil(sorted.length / size)
  if (page > Math.max(1, pages))
    throw new Refused(
      400,
      'page_out_of_range',
      `Page out of range, page: ${page} page size: ${size}, len: ${sorted.length}`,
    )
  const shown = await inTurns(call, sorted.slice((page - 1) * size, page * size), show)
  return json({
    filtered_count: filtered.length,
    item_count: shown.length,
    items: shown,
    page,
    page_count: pages,
    page_size: size,
    total_count: items.length,
  })
}

/** A list that is never paged: with its columns only, by `order` where nothing else is asked. */
export async function listedWhole<T extends Shown>(
  call: Call,
  rows: readonly T[],
  order: readonly string[] = [],
): Promise<HttpAnswer> {
  const columns = columnsOf(call)
  const sort = sortOf(call)
  const ordered = await inOrder(call, rows, order)
  const sorted = sort === null ? ordered : await sortedBy(call, sort, ordered, (row) => row)
  return pieces(streamed(call, sorted, (row) => only(row, columns)))
}

/** Of one object: the columns that are asked for. */
export const shownOne = (call: Call, value: Shown): HttpAnswer => json(only(value, columnsOf(call)))

/** The list as JSON, made while it is sent. */
export async function* streamed<T>(
  { node: { clock } }: Call,
  items: readonly T[],
  show: (item: T) => Shown,
): AsyncGenerator<string> {
  const turns = new TimedTurns(clock)
  let piece = '['
  for (const [index, item] of items.entries()) {
    piece += (index === 0 ? '' : ',') + jsonText(show(item))
    const pause = turns.next()
    if (pause === null && piece.length < pieceChars) continue
    yield piece
    piece = ''
    await pause
  }
  yield `${piece}]`
}

// ---- Pages --------------------------------------------------------------------------------------

interface Paging {
  readonly page: number
  readonly size: number
  readonly name: string
  readonly isRegex: boolean
}

function pagingOf({ query }: Call): Paging | null {
  const page = query.get('page')
  if (page === null) return null
  const size = query.get('page_size') ?? String(pageSizeDefault)
  const [number, sizeNumber] = [page, size].map((text) => (/^\d{1,9}$/.test(text) ? +text : -1))
  if (number === undefined || sizeNumber === undefined || number < 0 || sizeNumber < 0)
    throw badRequest('Pagination parameters are invalid')
  if (number < 1 || sizeNumber < 1 || sizeNumber > pageSizeMax)
    throw new Refused(
      400,
      'invalid_pagination_parameters',
      `Invalid pagination parameters: page number ${number}, page size ${sizeNumber}`,
    )
  const name = query.get('name') ?? ''
  return { page: number, size: sizeNumber, name, isRegex: query.get('use_regex') === 'true' }
}

async function named<T>(
  { node: { clock } }: Call,
  { name, isRegex }: Paging,
  items: readonly T[],
  nameOf: (item: T) => string,
): Promise<readonly T[]> {
  if (name === '') return items
  if (!isRegex) {
    const wanted = name.toLowerCase()
    return items.filter((item) => nameOf(item).toLowerCase().includes(wanted))
  }
  const checked = await new PatternCompiler().check(`(?i)${name}`)
  if (!checked.ok) throw badRequest('Pagination parameters are invalid')
  const matching = await matchingNames(clock, checked.value.matches, items.map(nameOf))
  return items.filter((item) => matching.has(nameOf(item)))
}

// ---- Order --------------------------------------------------------------------------------------

/** What to sort by; '': nothing, but the other way round. */
const sortOf = ({ query }: Call): string | null =>
  query.get('sort') ?? (query.get('sort_reverse') === 'true' ? '' : null)

async function sortedBy<T>(
  call: Call,
  sort: string,
  items: readonly T[],
  describe: (item: T) => Shown,
): Promise<readonly T[]> {
  const path = sort.split('.')
  const keyOf = (item: T): SortKey => sortKey(at(describe(item), path))
  const keyed = await inTurns(call, items, (item) => ({ item, key: keyOf(item) }))
  const turns = new TimedTurns(call.node.clock)
  const sorted = await sortedInTurns(keyed, (a, b) => compare(a.key, b.key), turns)
  if (call.query.get('sort_reverse') === 'true') sorted.reverse()
  return sorted.map(({ item }) => item)
}

/** By the texts of the columns `order`, the first before the next. */
async function inOrder<T extends Shown>(
  { node: { clock } }: Call,
  rows: readonly T[],
  order: readonly string[],
): Promise<readonly T[]> {
  if (order.length === 0) return rows
  const compareRows = (a: T, b: T): number => {
    for (const column of order) {
      const way = compareNames(`${a[column]}`, `${b[column]}`)
      if (way !== 0) return way
    }
    return 0
  }
  return sortedInTurns(rows, compareRows, new TimedTurns(clock))
}

/** By their code units. */
export const compareNames = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** As `items.map(each)`, giving way to other work. */
export async function inTurns<T, Made>(
  { node: { clock } }: Call,
  items: readonly T[],
  each: (item: T) => Made,
): Promise<Made[]> {
  const turns = new TimedTurns(clock)
  const made: Made[] = []
  for (const item of items) {
    made.push(each(item))
    await turns.next()
  }
  return made
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Shown)[name]
  }
  return found
}

type SortKey = number | string

const sortTextMax = 255

/** Made once for each item: a value may be large. What is absent comes first. */
const sortKey = (value: unknown): SortKey =>
  typeof value === 'number' ? value : value === undefined ? '' : brief(value, sortTextMax)

/** Numbers by size. */
function compare(a: SortKey, b: SortKey): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return compareNames(`${a}`, `${b}`)
}

// ---- Columns ------------------------------------------------------------------------------------

type Columns = readonly (readonly string[])[] | null

function columnsOf({ query }: Call): Columns {
  const columns = query.get('columns')
  if (columns === null || columns === '') return null
  return columns.split(',').map((column) => column.split('.'))
}

function only(value: Shown, columns: Columns): Shown {
  if (columns === null) return value
  const shown: Record<string, unknown> = {}
  const made = new Set<unknown>()
  for (const path of columns) {
    const found = at(value, path)
    if (found !== undefined) place(shown, path, found, made)
  }
  return shown
}

/** What another column has put there is copied, unless it was `made` here: what is kept stays. */
function place(
  into: Record<string, unknown>,
  path: readonly string[],
  value: unknown,
  made: Set<unknown>,
): void {
  let inner = into
  for (const name of path.slice(0, -1)) {
    const there = Object.hasOwn(inner, name) ? inner[name] : null
    const next = (made.has(there) ? there : { ...Object(there) }) as Record<string, unknown>
    made.add(next)
    put(inner, name, next)
    inner = next
  }
  put(inner, path.at(-1) ?? '', value)
}

/** Also one that is called `__proto__`. */
function put(into: object, name: string, value: unknown): void {
  Object.defineProperty(into, name, { value, enumerable: true, configurable: true })
}
