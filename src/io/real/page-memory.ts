// Page-aligned memory for direct writes. JavaScript cannot see an address, and a Buffer's is only 8
// or 16 bytes aligned; the memory of a WebAssembly.Memory starts at a page by its nature. Each one
// reserves about 8 GB of address space (never touched: its resident cost is what is written to), so
// a process can have some ten thousand, or none where address space is limited: then null is
// returned.

interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer
}
interface HasWebAssembly {
  WebAssembly?: { Memory: new (size: { initial: number; maximum: number }) => WebAssemblyMemory }
}

const wasmPageBytes = 65536

/** Zeroed memory that starts at a page boundary, or null when the platform has none to give. */
export function pageMemory(bytes: number): Uint8Array | null {
  const { WebAssembly } = globalThis as HasWebAssembly
  if (!WebAssembly) return null
  const pages = Math.max(1, Math.ceil(bytes / wasmPageBytes))
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
    return new Uint8Array(memory.buffer, 0, bytes)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
