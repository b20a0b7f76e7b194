// What the door itself reads from the property list of a content header, and a change of one of its
// short strings. See model/message/properties.ts for the layout.
import { placeOf, property } from '../../../model/message/properties.ts'
import { encodeShortstr } from '../methods/method-codec.ts'

/** Properties that the door itself has to look at. */
export const lookedAt = property.expiration | property.userId | property.replyTo

export const flagsOf = (properties: Uint8Array): number =>
  ((properties[0] as number) << 8) | (properties[1] as number)

/** Of well-formed properties; 1, transient, where it is not set. */
export function deliveryModeOf(properties: Uint8Array): number {
  const at = placeOf(properties, property.deliveryMode)
  return at < 0 ? 1 : (properties[at] as number)
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
