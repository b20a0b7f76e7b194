// The command line from its first argument to its exit code. The one place where a UsageError is
// caught: it becomes one line that says what to do, and exit code 2. Called by main.ts.

import { version } from '../version.ts'
import { type Command, type Flags, parseArguments } from './arguments.ts'
import { exitCodes, type Host } from './host.ts'
import { chooseTexts, fill, isLanguage } from './language.ts'
import { environmentLayer, flagLayer, nonEmpty } from './layer.ts'
import type { Texts } from './texts-en.ts'
import { UsageError } from './usage-error.ts'

/** Resolves to the exit code; rejects when there is a bug. */
export async function run(host: Host): Promise<number> {
  let texts = likelyTexts(host)
  try {
    const command = parseArguments(host.args)
    // Also a language that the flag wins over has to be one.
    texts = chooseTexts(host.env.POLYMQ_LANG, host.env)
    texts = chooseTexts(command.flags.lang?.[0] ?? host.env.POLYMQ_LANG, host.env)
    await perform(host, texts, command)
    return exitCodes.done
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    host.err(`polymq: ${oneLine(fill(texts[error.key], error.values))}\n`)
    return exitCodes.usage
  }
}

/** For what is wrong with the arguments themselves, so that they are not known yet. */
function likelyTexts({ args, env }: Host): Texts {
  const at = args.findIndex((arg) => /^--lang(=|$)/.test(arg))
  const typed = at < 0 ? undefined : args[at]?.slice('--lang='.length) || args[at + 1]
  const asked = [typed, env.POLYMQ_LANG].find((lang) => lang !== undefined && isLanguage(lang))
  return chooseTexts(asked, env)
}

const oneLine = (text: string): string => text.replace(/\s*[\r\n]+\s*/g, ' ')

function configPath(flags: Flags, { env }: Host): string | undefined {
  const [flag] = flags.config ?? []
  const text = flag ?? env.POLYMQ_CONFIG
  const source = flag === undefined ? 'POLYMQ_CONFIG' : '--config'
  return text === undefined ? undefined : nonEmpty({ text, source }).text
}

async function perform(host: Host, texts: Texts, { name, flags }: Command): Promise<void> {
  if (name === 'help') host.out(fill(texts.help, { version }))
  else if (name === 'version') host.out(`${version}\n`)
  else if (flags.help !== undefined) host.out(texts.startHelp)
  else {
    const path = configPath(flags, host)
    const layers = [flagLayer(flags), environmentLayer(host.env)]
    if (path !== undefined) {
      const { readConfigFile } = await import('./config-file.ts')
      layers.push(await readConfigFile(host, path))
    }
    const { startOptions } = await import('./start-options.ts')
    const { start } = await import('./start.ts')
    await start(host, texts, startOptions(layers))
  }
}
