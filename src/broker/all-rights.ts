// The rights of a client on a listener that asks nobody who they are: all. Whoever is held to
// permissions stands behind access/authorized-broker.ts instead.
import type { ClientRights, ThingRights } from './api.ts'

const all: ThingRights = { configure: true, write: true, read: true }

export const allRights: ClientRights = { of: () => all, isAdministrator: true }
