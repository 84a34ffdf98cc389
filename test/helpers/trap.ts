/** Where everything that a page calls out to would arrive: a server, and Chromium's rule that leads all of `*.example` there. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Trap = {
  /** For Chromium's command line. */
  readonly rule: string
  /** What has arrived since it was asked last: connections, and requests with their host and path. */
  caught(): readonly string[]
  close(): Promise<void>
}

export async function startTrap(): Promise<Trap> {
  const arrived: string[] = []
  const server = createServer((request, response) => {
    arrived.push(`${request.headers.host ?? ''}${request.url ?? ''}`)
    response.end()
  })
  server.on('connection', () => arrived.push('a connection'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    rule: `--host-resolver-rules=MAP *.example 127.0.0.1:${port}`,
    caught: () => arrived.splice(0),
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}
