// The server's side of a SASL exchange, as steps: a token comes in, a challenge or the outcome goes
// out. Each mechanism is one; doors carry the tokens.

export type SaslStep =
  | { readonly state: 'continue'; readonly token: Uint8Array }
  | { readonly state: 'done'; readonly token: Uint8Array; readonly user: string }
  | { readonly state: 'failed' }

export interface SaslServer {
  /**
   * Takes the client's next token, which it does not keep. Never called again after `failed` or
   * `done`.
   */
  step(token: Uint8Array): Promise<SaslStep>
}
