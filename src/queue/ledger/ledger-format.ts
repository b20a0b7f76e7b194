// The records of a queue's ledger. Written by ledger.ts, read by ledger-state.ts.
//
//   record     version 1 | entries; all numbers are unsigned varints
//   settled    1 | lane | bytes of their bodies | ranges | (from the last end, length)*
//   returned   2 | lane | offset | bytes | failures | deliveries | due ms, 0: now
//   mark       3 | lane | end offset | bytes of the bodies below it that are not settled | offset
//              below which messages may have been delivered
//   leaving    5 | lane | offset | bytes | failures | deliveries | why, an index of
//              `deadLetterReasons`: it is on its way to where dead letters go
//   snapshot   4: forget what came before; entries follow that tell everything
//
// To change it: give the record another version, and let ledger-state.ts read both.

export const ledgerVersion = 1
export const ledgerKind = { settled: 1, returned: 2, mark: 3, snapshot: 4, leaving: 5 } as const
