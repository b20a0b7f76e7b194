// Prometheus' text format 0.0.4: families of samples turned into lines. A family is written when it
// is asked for, sample by sample, so that nothing holds a whole scrape. Called by metrics-page.ts.

export type Labels = Readonly<Record<string, string | number>>

export interface Sample {
  readonly value: number
  readonly labels?: Labels
  /** Behind the family's name, as `_bucket` of a histogram. */
  readonly suffix?: string
}

export interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'summary' | 'histogram'
  /** One line. */
  readonly help: string
  /** Read anew at each scrape. Null: more work is to be done first, and others may have a turn. */
  samples(): Iterable<Sample | null>
}

/** A family of one sample without labels. */
export const single = (
  type: 'counter' | 'gauge',
  name: string,
  help: string,
  read: () => number,
): Family => ({ name, type, help, samples: () => [{ value: read() }] })

/** The lines of the families, in order, each with its end. */
export function* lines(families: Iterable<Family>): Generator<string> {
  for (const family of families) {
    yield `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`
    for (const sample of family.samples()) yield sample === null ? '' : line(family.name, sample)
  }
}

function line(name: string, { value, labels, suffix = '' }: Sample): string {
  return `${name}${suffix}${labels === undefined ? '' : labelText(labels)} ${valueText(value)}\n`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return `{${pairs.join(',')}}`
}

const special: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }

function escaped(value: string | number): string {
  if (typeof value === 'number') return String(value)
  return value.replace(/[\\"\n]/g, (c) => special[c] ?? c)
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
