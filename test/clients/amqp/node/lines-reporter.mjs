// A reporter for `node --test`: one line of JSON for every test, suites left out.
const suffix = ({ error }) => String(error?.cause?.stack ?? error?.cause ?? error?.message ?? '')

/**
 * The titles of the suites that a test stands in; events of a child come before its parent's end.
 */
export default async function* lines(source) {
  const path = []
  for await (const { type, data } of source) {
    if (type === 'test:start') path.splice(data.nesting, path.length, data.name)
    const isEnd = type === 'test:pass' || type === 'test:fail'
    if (!isEnd || data.details.type === 'suite') continue
    const title = [...path.slice(0, data.nesting), data.name].join(' > ')
    const error = type === 'test:fail' ? suffix(data.details) : null
    yield `${JSON.stringify({ title, error, skipped: data.skip !== undefined })}\n`
  }
}
