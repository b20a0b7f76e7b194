// The fast way of a message: where the parts of a publish lie that arrived in one piece, which is
// a method frame, a header frame and at most one body frame, one behind the other in what was read.
// What does not look exactly so is left to the frame reader, which takes frames one by one and
// says what is wrong with them. One per frame reader; its numbers hold until the next `find`.
import { basicClass, contentHead, frameEnd, frameHead, frameType, hot, uint32At } from './frame.ts'

/** Empty names, no properties, no body. */
const publishBytesMin = 39

export class WholePublish {
  /** The method's arguments, behind class and method. */
  methodFrom = 0
  methodTo = 0
  /** Property flags and properties. */
  propertiesFrom = 0
  propertiesTo = 0
  bodyFrom = 0
  bodyTo = 0
  /** Behind the last frame. */
  end = 0

  /** Whether a publish begins at `at`, where a method frame does, and is whole before `end`. */
  find(bytes: Buffer, at: number, end: number, frameMax: number): boolean {
    if (end - at < publishBytesMin || uint32At(bytes, at + frameHead) !== hot.publish) return false
    const methodSize = uint32At(bytes, at + 3)
    if (methodSize < 9 || methodSize > 520) return false
    const header = at + frameHead + methodSize + 1
    if (header + frameHead + contentHead + 2 >= end || bytes[header - 1] !== frameEnd) return false
    if (bytes[header] !== frameType.header || !sameChannel(bytes, at, header)) return false
    const headerSize = uint32At(bytes, header + 3)
    if (headerSize < contentHead + 2 || headerSize + 8 > frameMax) return false
    const payload = header + frameHead
    const body = payload + headerSize + 1
    if (body > end || bytes[body - 1] !== frameEnd) return false
    if (uint32At(bytes, payload) !== basicClass << 16 || uint32At(bytes, payload + 4) !== 0)
      return false
    const bodySize = uint32At(bytes, payload + 8)
    this.methodFrom = at + frameHead + 4
    this.methodTo = header - 1
    this.propertiesFrom = payload + contentHead
    this.propertiesTo = body - 1
    if (bodySize === 0) {
      this.bodyFrom = body
      this.bodyTo = body
      this.end = body
      return true
    }
    const bodyEnd = body + frameHead + bodySize + 1
    if (bodyEnd > end || bodySize + 8 > frameMax) return false
    if (bytes[body] !== frameType.body || uint32At(bytes, body + 3) !== bodySize) return false
    if (!sameChannel(bytes, at, body) || bytes[bodyEnd - 1] !== frameEnd) return false
    this.bodyFrom = body + frameHead
    this.bodyTo = bodyEnd - 1
    this.end = bodyEnd
    return true
  }
}

const sameChannel = (bytes: Buffer, a: number, b: number): boolean =>
  bytes[a + 1] === bytes[b + 1] && bytes[a + 2] === bytes[b + 2]
