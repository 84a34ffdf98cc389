/**
 * Which names this server answers to. A page of a stranger can make its own name point at us, so only the names we gave
 * out ourselves count, with their port, letter for letter. One listener has two kinds of names: the page's, and one for
 * the bytes of archives, which are never to be same-origin with the page.
 */
export type HostRole =
  | { readonly kind: 'page'; readonly origin: string; readonly content: string; readonly bridge: string }
  | { readonly kind: 'content'; readonly host: string; readonly pageOrigins: ReadonlySet<string> }

export type Hosts = {
  /** null: not a name of ours. */
  roleOf(host: string | undefined): HostRole | null
}

/**
 * `label` is an unguessable name below `localhost`, which browsers resolve to this machine by themselves. Every page
 * host has its content on the same port, as a tunnel carries both.
 */
export function createHosts(pageHosts: readonly string[], label: string): Hosts {
  const roles = new Map<string, HostRole>()
  const origins = new Map<string, Set<string>>()
  for (const host of pageHosts) {
    const contentHost = `${label}.localhost${portOf(host)}`
    const pageOrigins = origins.get(contentHost) ?? new Set()
    origins.set(contentHost, pageOrigins.add(`http://${host}`))
    roles.set(contentHost, { kind: 'content', host: contentHost, pageOrigins })
    roles.set(host, {
      kind: 'page',
      origin: `http://${host}`,
      content: `http://${contentHost}`,
      bridge: `ws://${host}`,
    })
  }
  return { roleOf: host => (host === undefined ? null : (roles.get(host) ?? null)) }
}

/** `NAME:PORT`, or `NAME` alone for port 80; null: something else. */
export function parseAllowedHost(text: string): string | null {
  const host = text.toLowerCase()
  return /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9]\d{0,4})?$/.test(host) ? host.replace(/:80$/, '') : null
}

const portOf = (host: string) => /:\d+$/.exec(host)?.[0] ?? ''
