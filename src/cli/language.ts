// Which language people are spoken to in, and how a text gets its values. Called by run.ts.
import type { Environment } from './host.ts'
import { english, type Texts } from './texts-en.ts'
import { chinese } from './texts-zh.ts'
import { UsageError } from './usage-error.ts'

export const languages: Readonly<Record<string, Texts>> = { en: english, zh: chinese }

/** `asked` (of --lang or POLYMQ_LANG) must be a language that exists; a locale only hints. */
export function chooseTexts(asked: string | undefined, env: Environment): Texts {
  if (asked === undefined) {
    const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
    return locale.toLowerCase().startsWith('zh') ? chinese : english
  }
  const texts = languages[nameOf(asked)]
  if (texts === undefined) throw new UsageError('badLanguage', { value: asked })
  return texts
}

const nameOf = (asked: string): string => asked.toLowerCase().split(/[-_.]/)[0] ?? ''

export const isLanguage = (asked: string): boolean => Object.hasOwn(languages, nameOf(asked))

/** Puts values into the places `{name}` of a text; a place without a value stays as it is. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : place,
  )
}
