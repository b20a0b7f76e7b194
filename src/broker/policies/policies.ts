// Policies, operators' policies, and parameters that mean something to others only: kept in the
// metadata store, shown from memory, which a watch of the store keeps. Of the policies that match a
// name, the one with the highest priority holds alone. The node opens it; vhosts ask it what holds
// for their queues and exchanges, and hear when that may have changed; the management API changes
// it.
import { Lane } from '../../base/lane.ts'
import { change, type Decision } from '../../metadata/change.ts'
import { MetadataFormatError } from '../../metadata/image.ts'
import type { Change, MetadataStore, Watch } from '../../metadata/store.ts'
import { ok, type Result, refuse } from '../../model/errors.ts'
import { nameFault } from '../../security/access/name-fault.ts'
import { type Compiled, PatternCompiler } from '../../security/access/name-pattern.ts'
import {
  appliesToExchange,
  appliesToQueue,
  checkPolicyDefinition,
  type PolicyTarget,
  suitsQueue,
} from './policy-keys.ts'
import {
  encodePolicy,
  encodeValue,
  type GlobalParameter,
  globalParameterKey,
  globalParameterPrefix,
  type Json,
  operatorPolicyPrefix,
  type Parameter,
  type Policy,
  parameterKey,
  parameterPrefix,
  parseGlobalParameter,
  parseParameter,
  parsePolicy,
  policyKey,
  policyPrefix,
} from './policy-values.ts'

/** Each is kept in memory, and matched with every queue that is made. */
export const policiesMax = 1000
/** Of the patterns of a vhost together: a name of 255 letters takes three microseconds for each. */
const stepsMax = 20_000
const parametersMax = 10_000
/** Of a definition or a value, as JSON. */
const valueLengthMax = 65_536

export type PolicyRole = 'user' | 'operator'

/** Hears of vhosts in which other policies may hold now. It must not throw. */
export type PolicyListener = (vhosts: ReadonlySet<string>) => void

const prefixOf = { user: policyPrefix, operator: operatorPolicyPrefix } as const

interface Kept extends Policy {
  readonly names: () => Compiled
}

/** The global parameter that holds the name of the cluster. */
export const clusterNameParameter = 'cluster_name'

export class Policies {
  readonly #store: MetadataStore
  readonly #compiler = new PatternCompiler()
  readonly #lane = new Lane()
  /** By key. */
  readonly #kept = { user: new Map<string, Kept>(), operator: new Map<string, Kept>() }
  /** Of one vhost, in the order in which they are tried. */
  readonly #ordered = { user: new Map<string, Kept[]>(), operator: new Map<string, Kept[]>() }
  readonly #parameters = new Map<string, Parameter>()
  readonly #globals = new Map<string, GlobalParameter>()
  readonly #revisions = new Map<string, number>()
  readonly #listeners = new Set<PolicyListener>()
  #watch: Watch | null = null

  /** Rejects with MetadataFormatError when the store holds what this release does not know. */
  static async open(store: MetadataStore): Promise<Policies> {
    for (;;) {
      const policies = new Policies(store)
      if (await policies.#read()) return policies
    }
  }

  private constructor(store: MetadataStore) {
    this.#store = store
  }

  close(): void {
    this.#watch?.cancel()
    this.#listeners.clear()
  }

  onChange(listener: PolicyListener): { cancel(): void } {
    this.#listeners.add(listener)
    return { cancel: () => this.#listeners.delete(listener) }
  }

  // ---- Policies ---------------------------------------------------------------------------------

  list(role: PolicyRole): Policy[] {
    return [...this.#kept[role].values()]
  }

  get(role: PolicyRole, vhost: string, name: string): Policy | null {
    return this.#kept[role].get(policyKey(prefixOf[role], vhost, name)) ?? null
  }

  /** Refused with `invalidRequest`. Whether the vhost is there is asked before. */
  async set(role: PolicyRole, policy: Policy): Promise<Result<null>> {
    const { vhost, name, pattern, definition } = policy
    const fault = nameFault('policy', name)
    if (fault !== null) return fault
    const checked = checkPolicyDefinition(definition, role === 'operator')
    if (!checked.ok) return checked
    const compiled = await this.#compiler.check(pattern)
    if (!compiled.ok) return compiled
    const key = policyKey(prefixOf[role], vhost, name)
    const { steps } = compiled.value
    return this.#put(key, encodePolicy(policy), (isNew) => {
      if (this.#stepsWithout(key, vhost) + steps > stepsMax)
        return refuse('policyViolation', `the patterns of policies in '${vhost}' repeat too much`)
      const count = this.#kept.user.size + this.#kept.operator.size
      return roomFor(isNew, count, policiesMax)
    })
  }

  clear(role: PolicyRole, vhost: string, name: string): Promise<Result<null>> {
    return this.#delete(policyKey(prefixOf[role], vhost, name))
  }

  /** The one that holds for a queue, or null. */
  ofQueue(role: PolicyRole, vhost: string, name: string, target: PolicyTarget): Policy | null {
    const applies = ({ applyTo, definition }: Policy): boolean =>
      appliesToQueue(applyTo, target) && suitsQueue(definition, target)
    return this.#find(role, vhost, name, applies)
  }

  ofExchange(vhost: string, name: string): Policy | null {
    return this.#find('user', vhost, name, (policy) => appliesToExchange(policy.applyTo))
  }

  #find(
    role: PolicyRole,
    vhost: string,
    name: string,
    applies: (policy: Policy) => boolean,
  ): Policy | null {
    const ordered = this.#ordered[role].get(vhost)
    return ordered?.find((policy) => applies(policy) && policy.names().matches(name)) ?? null
  }

  // ---- Parameters -------------------------------------------------------------------------------

  parameters(): Parameter[] {
    return [...this.#parameters.values()]
  }

  parameter(component: string, vhost: string, name: string): Parameter | null {
    return this.#parameters.get(parameterKey(component, vhost, name)) ?? null
  }

  async setParameter({ component, vhost, name, value }: Parameter): Promise<Result<null>> {
    const fault = nameFault('component', component) ?? nameFault('parameter', name)
    if (fault !== null) return fault
    const key = parameterKey(component, vhost, name)
    return this.#put(key, encodeValue(value), (isNew) =>
      roomFor(isNew, this.#parameters.size, parametersMax),
    )
  }

  clearParameter(component: string, vhost: string, name: string): Promise<Result<null>> {
    return this.#delete(parameterKey(component, vhost, name))
  }

  globalParameters(): GlobalParameter[] {
    return [...this.#globals.values()]
  }

  globalParameter(name: string): GlobalParameter | null {
    return this.#globals.get(globalParameterKey(name)) ?? null
  }

  async setGlobalParameter(name: string, value: Json): Promise<Result<null>> {
    const fault = nameFault('parameter', name)
    if (fault !== null) return fault
    const key = globalParameterKey(name)
    return this.#put(key, encodeValue(value), (isNew) =>
      roomFor(isNew, this.#globals.size, parametersMax),
    )
  }

  clearGlobalParameter(name: string): Promise<Result<null>> {
    return this.#delete(globalParameterKey(name))
  }

  /** The keys of everything that goes with a vhost. */
  keysOfVhost(vhost: string): string[] {
    const kept = [this.#kept.user, this.#kept.operator, this.#parameters]
    return kept.flatMap((map) =>
      [...map].filter(([, value]) => value.vhost === vhost).map(([key]) => key),
    )
  }

  // ---- Within -----------------------------------------------------------------------------------

  #put(key: string, value: string, check: (isNew: boolean) => Result<null>): Promise<Result<null>> {
    const decide = (): Decision<null> => {
      const modRevision = this.#revisions.get(key) ?? 0
      if (value.length > valueLengthMax)
        return refuse('invalidRequest', `a value has at most ${valueLengthMax} characters`)
      const checked = check(modRevision === 0)
      if (!checked.ok) return checked
      const txn = { compare: [{ key, modRevision }], put: [{ key, value }] }
      return ok({ txn, answer: null })
    }
    return this.#lane.run(() => change(this.#store, decide))
  }

  #delete(key: string): Promise<Result<null>> {
    return change(this.#store, () => {
      const there = (this.#revisions.get(key) ?? 0) > 0
      return ok({ txn: there ? { delete: [key] } : null, answer: null })
    })
  }

  /** False: the store moved on meanwhile. */
  async #read(): Promise<boolean> {
    const prefixes = [policyPrefix, operatorPolicyPrefix, parameterPrefix, globalParameterPrefix]
    const ranges = await Promise.all(prefixes.map((prefix) => this.#store.range(prefix)))
    const revision = ranges[0]?.revision ?? 0
    if (ranges.some((range) => range.revision !== revision)) return false
    for (const { entries } of ranges)
      for (const entry of entries) this.#apply({ kind: 'put', entry })
    for (const { pattern } of [...this.list('user'), ...this.list('operator')])
      await this.#compiler.prepare(pattern)
    this.#order()
    this.#watch = this.#store.watch('/', revision, ({ changes }) => {
      const vhosts = new Set<string>()
      for (const each of changes) {
        const vhost = this.#apply(each)
        if (vhost !== null) vhosts.add(vhost)
      }
      if (vhosts.size === 0) return
      this.#order()
      for (const listener of [...this.#listeners]) listener(vhosts)
    })
    return this.#watch !== null
  }

  /** Of which vhost another policy may hold now, or null. */
  #apply(changed: Change): string | null {
    const key = changed.kind === 'put' ? changed.entry.key : changed.key
    const value = changed.kind === 'put' ? changed.entry.value : null
    const role = roleOf(key)
    const before = role && this.#kept[role].get(key)
    if (role !== null)
      set(this.#kept[role], key, value, (text) => {
        const policy = parsePolicy(key, prefixOf[role], text)
        return policy && { ...policy, names: this.#namesOf(policy.pattern) }
      })
    else if (key.startsWith(parameterPrefix))
      set(this.#parameters, key, value, (text) => parseParameter(key, text))
    else if (key.startsWith(globalParameterPrefix))
      set(this.#globals, key, value, (text) => parseGlobalParameter(key, text))
    else return null
    if (changed.kind === 'put') this.#revisions.set(key, changed.entry.modRevision)
    else this.#revisions.delete(key)
    return role && ((this.#kept[role].get(key) ?? before)?.vhost ?? null)
  }

  /** Compiled when it is first needed: what compiles it may not be loaded yet. */
  #namesOf(pattern: string): () => Compiled {
    let compiled: Compiled | null = null
    // Of a permission it would be none, of a policy it is every name.
    return () => (compiled ??= this.#compiler.compile(pattern === '' ? '.*' : pattern))
  }

  /** Of all that a new name of a vhost is matched with, but for one policy. */
  #stepsWithout(key: string, vhost: string): number {
    const kept = [...this.#kept.user, ...this.#kept.operator]
    const others = kept.filter(([each, policy]) => each !== key && policy.vhost === vhost)
    return others.reduce((sum, [, policy]) => sum + policy.names().steps, 0)
  }

  #order(): void {
    for (const role of ['user', 'operator'] as const) {
      const ordered = this.#ordered[role]
      ordered.clear()
      const all = [...this.#kept[role].values()]
      all.sort((a, b) => b.priority - a.priority || (a.name < b.name ? -1 : 1))
      for (const policy of all) {
        const ofVhost = ordered.get(policy.vhost) ?? []
        ordered.set(policy.vhost, ofVhost)
        ofVhost.push(policy)
      }
    }
  }
}

function roomFor(isNew: boolean, count: number, most: number): Result<null> {
  if (!isNew || count < most) return ok(null)
  return refuse('policyViolation', `this node keeps at most ${most} of them`)
}

function roleOf(key: string): PolicyRole | null {
  if (key.startsWith(policyPrefix)) return 'user'
  return key.startsWith(operatorPolicyPrefix) ? 'operator' : null
}

function set<T>(
  map: Map<string, T>,
  key: string,
  value: string | null,
  parse: (text: string) => T | null,
): void {
  if (value === null) {
    map.delete(key)
    return
  }
  const parsed = parse(value)
  if (parsed === null)
    throw new MetadataFormatError(`the metadata key ${key} is not of a known format`)
  map.set(key, parsed)
}
