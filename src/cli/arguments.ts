// What was typed behind `polymq`, taken apart: a command and the texts of its options. What the
// texts mean is the business of start-options.ts. Called by run.ts.
import { parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

/** The options of `start`: whether they take a value, of which form, and may be repeated. */
const optionForms = {
  data: { form: 'DIR', repeats: false },
  memory: { form: null, repeats: false },
  listen: { form: 'NAME=HOST:PORT', repeats: true },
  advertise: { form: 'NAME=HOST:PORT', repeats: true },
  config: { form: 'FILE', repeats: false },
  set: { form: 'KEY=VALUE', repeats: true },
  json: { form: null, repeats: false },
  lang: { form: 'en|zh', repeats: false },
  help: { form: null, repeats: false },
  version: { form: null, repeats: false },
} as const

export type OptionName = keyof typeof optionForms

/** Texts of the options, in the order given; an option without a value has the text 'true'. */
export type Flags = Readonly<Partial<Record<OptionName, readonly string[]>>>

export interface Command {
  readonly name: 'start' | 'version' | 'help'
  readonly flags: Flags
}

const shapes = Object.fromEntries(
  Object.entries(optionForms).map(([name, { form }]) => [
    name,
    { type: form === null ? ('boolean' as const) : ('string' as const) },
  ]),
)

/** The options that every command takes. */
const common: readonly string[] = ['lang', 'help', 'version']

export function parseArguments(args: readonly string[]): Command {
  const { tokens } = parseArgs({
    args: args.map((arg) => (arg === '-h' ? '--help' : arg)),
    options: shapes,
    strict: false,
    tokens: true,
  })
  const words: string[] = []
  const flags: Partial<Record<OptionName, string[]>> = {}
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    else if (token.kind === 'option') {
      const name = knownOption(token.name, token.rawName)
      const texts = flags[name] ?? []
      texts.push(optionText(name, token.value, token.inlineValue === true))
      flags[name] = texts
    }
  }
  const name = commandName(words, flags)
  refuseRepeats(flags)
  if (name !== 'start') refuseForeign(flags)
  return { name, flags }
}

function knownOption(name: string, typed: string): OptionName {
  if (Object.hasOwn(optionForms, name) && typed.startsWith('--')) return name as OptionName
  throw new UsageError('unknownOption', { option: typed })
}

function optionText(name: OptionName, value: string | undefined, isInline: boolean): string {
  const { form } = optionForms[name]
  const option = `--${name}`
  if (form === null) {
    if (value !== undefined) throw new UsageError('unwantedValue', { option })
    return 'true'
  }
  const isMissing = value === undefined || value === '' || (!isInline && value.startsWith('-'))
  if (isMissing) throw new UsageError('missingValue', { option, form })
  return value
}

function commandName(words: readonly string[], flags: Flags): Command['name'] {
  const [name, extra] = words
  if (extra !== undefined) throw new UsageError('extraArgument', { argument: extra })
  const isCommand = name === 'start' || name === 'version' || name === 'help'
  if (flags.version !== undefined && (isCommand || name === undefined)) return 'version'
  if (isCommand) return name
  if (name === undefined && Object.keys(flags).every((flag) => common.includes(flag))) return 'help'
  throw new UsageError('unknownCommand', { command: name ?? '' })
}

function refuseRepeats(flags: Flags): void {
  for (const [name, texts] of Object.entries(flags))
    if (texts.length > 1 && !optionForms[name as OptionName].repeats)
      throw new UsageError('repeatedOption', { option: `--${name}` })
}

function refuseForeign(flags: Flags): void {
  const foreign = Object.keys(flags).find((flag) => !common.includes(flag))
  if (foreign !== undefined) throw new UsageError('unknownOption', { option: `--${foreign}` })
}
