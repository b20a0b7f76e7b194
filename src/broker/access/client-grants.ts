// The permissions of a vhost one by one, for protocols that know them as access lists: a right on
// a name, or on what begins so, or on everything. They are those alternatives of the patterns that
// say so; granting adds one, taking away removes it, and what else a pattern has stays. For
// administrators.
import { ok, type Result } from '../../model/errors.ts'
import { type PermissionTexts, rights } from '../../security/access/access-values.ts'
import {
  alternativeOf,
  type NameSet,
  type PatternPart,
  partsOf,
} from '../../security/access/name-pattern.ts'
import type { Permissions } from '../../security/access/permissions.ts'
import type { Grant, Grants } from '../api.ts'
import type { Subject } from './subject.ts'

const nothing: PermissionTexts = { configure: '', write: '', read: '' }

export class ClientGrants implements Grants {
  readonly #permissions: Permissions
  readonly #subject: Subject

  constructor(permissions: Permissions, subject: Subject) {
    this.#permissions = permissions
    this.#subject = subject
  }

  list(): Result<readonly Grant[]> {
    if (!this.#subject.isAdministrator) return this.#subject.notAdministrator()
    const grants: Grant[] = []
    for (const { user, texts } of this.#permissions.list({ vhost: this.#subject.vhost }))
      for (const right of rights)
        for (const { names } of partsOf(texts[right]))
          if (names !== null) grants.push({ user, right, names })
    return ok(grants)
  }

  async add({ user, right, names }: Grant): Promise<Result<null>> {
    if (!this.#subject.isAdministrator) return this.#subject.notAdministrator()
    return this.#permissions.change(user, this.#subject.vhost, (texts) => {
      const present = texts ?? nothing
      const known = partsOf(present[right])
      const added = alternativeOf(names)
      if (known.some((part) => says(part, names))) return ok(present)
      const pattern = known.length === 0 ? added : `${present[right]}|${added}`
      return ok({ ...present, [right]: pattern })
    })
  }

  async remove({ user, right, names }: Grant): Promise<Result<null>> {
    if (!this.#subject.isAdministrator) return this.#subject.notAdministrator()
    return this.#permissions.change(user, this.#subject.vhost, (texts) => {
      if (texts === null) return ok(null)
      const left = partsOf(texts[right]).filter((part) => !says(part, names))
      const next = { ...texts, [right]: left.map(({ text }) => text).join('|') }
      return ok(rights.every((each) => next[each] === '') ? null : next)
    })
  }
}

const says = ({ names }: PatternPart, wanted: NameSet): boolean =>
  names !== null && isSame(names, wanted)

const isSame = (a: NameSet, b: NameSet): boolean =>
  a.kind === b.kind && (a.kind === 'any' || (b.kind !== 'any' && a.text === b.text))
