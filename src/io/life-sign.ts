// A socket in a folder that shows that its maker lives: he listens on it, and the kernel refuses
// connections from the moment his process is gone. Unlike a process id it means the same in every
// container that shares the folder. Used by the lock of a folder.
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { systemCall } from './system-call.ts'

/** sockaddr_un has 108 bytes on Linux and 104 on macOS, a zero at the end included. */
const socketPathBytesMax = 103

export interface LifeSign {
  /** Takes the sign away, as the end of the process would. */
  end(): Promise<void>
}

/** Listens on `name` in `folder`; null where the system or the file system has no such sockets. */
export async function showLife(folder: string, name: string): Promise<LifeSign | null> {
  const place = await placeOf(folder, name)
  if (place === null) return null
  const server = net.createServer((socket) => socket.destroy())
  const isShown = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(place.socket, () => resolve(true))
  })
  // The descriptor stays: closing the server removes the socket by this path.
  if (!isShown) {
    await place.leave()
    return null
  }
  server.unref()
  return {
    end: async () => {
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await place.leave()
    },
  }
}

/** Whether somebody listens there. When it cannot be told, yes. */
export async function showsLife(folder: string, name: string): Promise<boolean> {
  const place = await placeOf(folder, name)
  if (place === null) return true
  try {
    return await answers(place.socket)
  } finally {
    await place.leave()
  }
}

/** What a socket answers when nobody listens, or is none. */
const isDead = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'])

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = net.connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', (error: NodeJS.ErrnoException) => {
      resolve(!isDead.has(error.code ?? ''))
    })
  })
}

interface Place {
  readonly socket: string
  leave(): Promise<void>
}

/** On Linux a path that is too long for a socket can be shortened by a descriptor. */
async function placeOf(folder: string, name: string): Promise<Place | null> {
  // Node's local sockets on Windows are pipes, which lie in no folder.
  if (process.platform === 'win32') return null
  const socket = path.join(folder, name)
  if (Buffer.byteLength(socket) <= socketPathBytesMax)
    return { socket, leave: () => Promise.resolve() }
  if (process.platform !== 'linux') return null
  const descriptor = await systemCall<number>(`open ${folder}`, (done) =>
    fs.open(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY, done),
  )
  const leave = () =>
    systemCall<void>(`close ${folder}`, (done) => fs.close(descriptor, (e) => done(e ?? null)))
  return { socket: `/proc/self/fd/${descriptor}/${name}`, leave: async () => void (await leave()) }
}
