// What a connection has been doing, as far as time goes: heartbeats owed and expected, a greeting
// or a close that takes too long, a content that does not go on. Looked at by the door every so
// often; the connection only raises flags, so that no message costs a look at the clock.
import type { Reading } from './channel/content-watch.ts'
import type { Limits } from './frames/limits.ts'

export class Vigil {
  /** Since the last look: something came, something was sent. */
  isHeard = false
  isSent = false
  /** 0: none. */
  heartbeatSeconds = 0
  /** Nothing is expected of the client: it is not read. */
  isExcused = false
  isGreeting = true
  /** The client has to agree to a close. */
  isClosing = false
  private readonly limits: Limits
  private heardAt: number
  private sentAt: number
  private lookedAt: number
  private readonly acceptedAt: number
  private closingAt: number | null = null

  constructor(limits: Limits, now: number) {
    this.limits = limits
    this.heardAt = now
    this.sentAt = now
    this.lookedAt = now
    this.acceptedAt = now
  }

  /** `isOverfull`: it leaves too much untaken. */
  reading(isOverfull: boolean): Reading {
    if (!this.isExcused) return 'read'
    return isOverfull ? 'stopped by itself' : 'stopped'
  }

  /** Why the connection should be ended, or null. */
  look(now: number): string | null {
    if (this.isHeard || this.isExcused) this.heardAt = now
    // When exactly is not known: at the last look at the earliest.
    if (this.isSent) this.sentAt = this.lookedAt
    this.lookedAt = now
    this.isHeard = false
    this.isSent = false
    const { greetingMsMax, closingMsMax } = this.limits
    if (this.isClosing) {
      this.closingAt ??= now
      return now - this.closingAt > closingMsMax ? 'did not agree to the close' : null
    }
    if (this.isGreeting && now - this.acceptedAt > greetingMsMax)
      return `no greeting in the first ${greetingMsMax} ms`
    const beatMs = this.heartbeatSeconds * 1000
    if (beatMs > 0 && now - this.heardAt > 2 * beatMs)
      return `missed heartbeats from client, timeout: ${this.heartbeatSeconds}s`
    return null
  }

  owesHeartbeat(now: number): boolean {
    if (this.heartbeatSeconds === 0 || this.isGreeting) return false
    return now - this.sentAt >= this.heartbeatSeconds * 500
  }
}
