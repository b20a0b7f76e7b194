// Judges the property list of a content header before anybody reads from it, and changes one of its
// short strings. See model/message/properties.ts for the layout.
import { decodeTable } from '../../../model/message/field-codec.ts'
import { placeOf, property } from '../../../model/message/properties.ts'
import { WireError } from '../../../wire/wire-error.ts'
import { encodeShortstr } from '../methods/method-codec.ts'
import { uint32At } from './frame.ts'

/** Properties that the door itself has to look at. */
export const lookedAt = property.expiration | property.userId | property.replyTo

export const flagsOf = (properties: Uint8Array): number =>
  ((properties[0] as number) << 8) | (properties[1] as number)

/** Of well-formed properties; 1, transient, where it is not set. */
export function deliveryModeOf(properties: Uint8Array): number {
  const at = placeOf(properties, property.deliveryMode)
  return at < 0 ? 1 : (properties[at] as number)
}

/** Why the bytes are no property list, or null. */
export function propertiesProblem(properties: Uint8Array): string | null {
  if (properties.length < 2) return 'the property flags are missing'
  const flags = flagsOf(properties)
  if ((flags & 3) !== 0) return 'there is no property with such a flag'
  let at = 2
  for (let flag: number = property.contentType; flag >= property.clusterId; flag >>>= 1) {
    if ((flags & flag) === 0) continue
    if (at >= properties.length) return 'a property ends behind its frame'
    if (flag === property.headers) {
      const problem = tableProblem(properties, at)
      if (problem !== null) return problem
      at += 4 + uint32At(properties, at)
    } else if (flag === property.deliveryMode || flag === property.priority) at += 1
    else if (flag === property.timestamp) at += 8
    else at += 1 + (properties[at] as number)
  }
  return at === properties.length ? null : 'the properties do not end with their frame'
}

function tableProblem(properties: Uint8Array, at: number): string | null {
  try {
    decodeTable(properties, at)
    return null
  } catch (error) {
    if (error instanceof WireError) return error.message
    throw error
  }
}

/** The same with another value for a short string that is set. */
export function withText(properties: Uint8Array, flag: number, text: string): Uint8Array {
  const at = placeOf(properties, flag)
  const behind = at + 1 + (properties[at] as number)
  return Buffer.concat([
    properties.subarray(0, at),
    encodeShortstr(text),
    properties.subarray(behind),
  ])
}
