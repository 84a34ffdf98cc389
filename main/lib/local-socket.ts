/**
 * How a CLI finds the backend that already runs on a storage folder: a Unix socket in that folder, a named pipe on
 * Windows. Whoever can connect can do everything, so nobody but this account ever can: the socket is made in a folder
 * that only we can enter, narrowed, and then moved into its place. (Setting the umask instead would be felt by every
 * other thread of the process.)
 */
import { createHash } from 'node:crypto'
import { chmod, lstat, mkdir, mkdtemp, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { AppError } from '../../preload/contract/errors.ts'
import { PROTOCOL_VERSION } from '../../preload/contract/index.ts'
import type { ClientFrame, ServerFrame, Transport } from '../../preload/wire/frames.ts'
import { lineStream } from '../../preload/wire/transports.ts'

const NAME = 'cairn.sock'
/** What the system stores of a socket's path: 104 bytes on macOS, 108 on Linux, with its end. */
const LONGEST_PATH = 100

/**
 * Listens for clients of this account, until closed. A socket that a killed process left behind is replaced; one that
 * somebody still answers on is `STORAGE_IN_USE`.
 */
export async function listenLocal(
  storage: string,
  accept: (transport: Transport<ServerFrame, unknown>) => void,
): Promise<{ close(): Promise<void> }> {
  const address = await addressOf(storage)
  const running = await connectTo(address)
  if (running !== null) {
    running.destroy()
    throw new AppError('STORAGE_IN_USE', `Cairn is already running on ${storage}`, { storage })
  }
  const clients = new Set<Socket>()
  const server = createServer(socket => {
    clients.add(socket)
    socket.once('close', () => clients.delete(socket))
    accept(lineStream(socket, { protocol: PROTOCOL_VERSION }))
  })
  const remove = address.kind === 'pipe' ? await listenOn(server, address.path) : await listenPrivately(server, address)
  let closing: Promise<void> | null = null
  return {
    close() {
      closing ??= new Promise<void>(done => {
        server.close(() => done())
        for (const client of clients) client.destroy()
      }).then(remove)
      return closing
    },
  }
}

/** A pipe to the backend that runs on this storage folder; null: none does. */
export async function connectLocal(storage: string): Promise<Transport<ClientFrame, ServerFrame> | null> {
  const socket = await connectTo(await addressOf(storage))
  return socket === null ? null : lineStream(socket, { protocol: PROTOCOL_VERSION })
}

type Address = {
  /** `beside`: in a folder below the shared temporary folder, since the storage's own path is too long. */
  readonly kind: 'pipe' | 'inside' | 'beside'
  readonly folder: string
  readonly path: string
}

async function addressOf(storage: string): Promise<Address> {
  const folder = await realpath(storage).catch(() => resolve(storage))
  const digest = createHash('sha256').update(folder).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return { kind: 'pipe', folder, path: `\\\\.\\pipe\\cairn-${digest}` }
  const path = join(folder, NAME)
  if (Buffer.byteLength(path) <= LONGEST_PATH) return { kind: 'inside', folder, path }
  const short = join(tmpdir(), `cairn-${digest}`)
  const fits = Buffer.byteLength(join(short, NAME)) <= LONGEST_PATH ? short : join('/tmp', `cairn-${digest}`)
  return { kind: 'beside', folder: fits, path: join(fits, NAME) }
}

async function connectTo({ kind, folder, path }: Address): Promise<Socket | null> {
  if (kind === 'beside' && !(await isOurs(folder))) return null
  const socket = connectSocket(path)
  return new Promise((done, fail) => {
    socket.once('connect', () => {
      socket.off('error', onError)
      done(socket)
    })
    socket.once('error', onError)
    function onError(error: NodeJS.ErrnoException): void {
      if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK', 'ECONNRESET'].includes(error.code ?? '')) done(null)
      else fail(error)
    }
  })
}

/** Somebody else's folder under the same name in a shared temporary folder must not get our calls. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => null)
  return found !== null && found.isDirectory() && found.uid === userInfo().uid && (found.mode & 0o077) === 0
}

async function listenPrivately(server: Server, { kind, folder, path }: Address): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (kind === 'beside' && !(await isOurs(folder))) {
    throw new AppError('STORAGE_UNUSABLE', `${folder} is not private to this account`, {
      storage: folder,
      why: 'Others can enter the folder for the socket.',
    })
  }
  const nursery = await mkdtemp(join(folder, '.s'))
  try {
    const newborn = join(nursery, 's')
    await listenOn(server, newborn)
    await chmod(newborn, 0o600)
    await rename(newborn, path)
  } catch (error) {
    server.close()
    throw error
  } finally {
    await rm(nursery, { recursive: true, force: true })
  }
  const { ino } = await stat(path)
  return async () => {
    const found = await stat(path).catch(() => null)
    if (found?.ino === ino) await rm(path, { force: true })
    if (kind === 'beside') await rmdir(folder).catch(() => {})
  }
}

async function listenOn(server: Server, path: string): Promise<() => Promise<void>> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(path, () => {
      server.off('error', fail)
      done()
    })
  })
  return async () => {}
}
