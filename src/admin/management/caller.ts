// Who calls the management API: HTTP's Basic authentication, checked by the accounts of the node,
// and the tags that decide which of its parts a user sees. RabbitMQ's tags: an administrator may
// everything; monitoring sees everything; a policymaker sets policies in vhosts where it has
// permissions; management sees its own vhosts.
import type { HttpRequest } from '../../io/http.ts'
import type { Accounts } from '../../security/access/accounts.ts'
import { notAuthorised, Refused } from './answer.ts'
import type { LoginCounts } from './managed-node.ts'

export const tags = ['administrator', 'monitoring', 'policymaker', 'management'] as const
export type Need = 'management' | 'monitoring' | 'policymaker' | 'administrator'

/** Each tag, and what it may stand in for. */
const grants: Readonly<Record<string, readonly Need[]>> = {
  administrator: ['administrator', 'monitoring', 'policymaker', 'management'],
  monitoring: ['monitoring', 'management'],
  policymaker: ['policymaker', 'management'],
  management: ['management'],
}

const refusals: Readonly<Record<Need, string>> = {
  management: 'Not management user',
  monitoring: 'Not monitor user',
  policymaker: 'Not policymaker user',
  administrator: 'Not administrator user',
}

export class Caller {
  readonly user: string
  readonly tags: readonly string[]

  constructor(user: string, tags: readonly string[]) {
    this.user = user
    this.tags = tags
  }

  may(need: Need): boolean {
    return this.tags.some((tag) => Object.hasOwn(grants, tag) && grants[tag]?.includes(need))
  }

  check(need: Need): void {
    if (!this.may('management')) throw notAuthorised(refusals.management)
    if (!this.may(need)) throw notAuthorised(refusals[need])
  }
}

/** RabbitMQ spells it otherwise here, and only here. */
const failed = (): Refused => new Refused(401, 'not_authorized', 'Login failed')

/** Throws Refused. */
export function callerOf(request: HttpRequest, accounts: Accounts, logins: LoginCounts): Caller {
  const [, encoded] =
    /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(request.header('authorization') ?? '') ?? []
  if (encoded === undefined) throw failed()
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0) throw failed()
  const { host } = request.remote
  const known = accounts.login.checkPassword(text.slice(0, colon), text.slice(colon + 1), host)
  if (known.ok) logins.done++
  else logins.failed++
  if (!known.ok) throw failed()
  return new Caller(known.value.user, known.value.tags)
}
