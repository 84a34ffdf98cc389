/**
 * An internet of our own: nodes of a DHT at addresses of several machines, and homes behind routers, each of which hides its home
 * behind an address of its own as real ones do. Made of network namespaces with nftables; nothing of it can leave.
 */
import { type Inhabitant, Namespaces } from './namespaces.ts'

/**
 * What a router does with UDP.
 *
 * `none`: there is none, the machine has an address of the internet. `open`: whatever comes to it is handed to the home, as
 * where a person has let ports through. `full-cone`: whoever knows the port gets in that the home has sent something from.
 * `port-restricted`: only those whom the home has sent something to, from that port. `symmetric`: the same, and each of those
 * sees another port. `blocks`: nothing of UDP passes.
 */
export type Router = 'none' | 'open' | 'full-cone' | 'port-restricted' | 'symmetric' | 'blocks'

export type Internet = {
  readonly bootstrap: string
  home(router: Router): Promise<Home>
  close(): Promise<void>
}

export type Home = {
  /** That of the router, which others see. */
  readonly address: string
  /** A backend in a process of its own. */
  person(storage: string): Promise<Inhabitant>
  /** Starts a program of Node; what it says first. */
  program(script: string, ...args: readonly string[]): Promise<string>
  /** false: nothing leads out of the home any more. */
  connect(connected: boolean): Promise<void>
  /** Another router takes the place of the one that was there. */
  change(router: Exclude<Router, 'none'>): Promise<void>
}

/** For examples (RFC 5737): nobody outside of these namespaces has them. */
const addressOf = (number: number): string => `203.0.113.${number}`
/** The same in each home, as it is with routers of one make. */
const [ROUTER, HOME] = ['192.168.1.1', '192.168.1.2']
const DHT_ADDRESSES = 6
/** A machine learns from several of them how it is seen. */
const DHT_NODES = 12

export async function startInternet(): Promise<Internet> {
  const spaces = new Namespaces()
  let addresses = 100
  try {
    const exchange = await spaces.add()
    await spaces.addSwitch(exchange, 'switch')
    /** A machine with these addresses of the internet, at a card of this name. */
    const attach = async (card: string, ...given: readonly string[]): Promise<string> => {
      const name = await spaces.add()
      const port = `p${given[0]!.split('.').at(-1)!}`
      await spaces.plug(exchange, port, name, card)
      await spaces.ip('-n', exchange, 'link', 'set', port, 'master', 'switch')
      for (const address of given) await spaces.ip('-n', name, 'address', 'add', `${address}/24`, 'dev', card)
      return name
    }
    const hosts = Array.from({ length: DHT_ADDRESSES }, (_, index) => addressOf(index + 1))
    const { bootstrap } = await spaces.dht(await attach('eth0', ...hosts), hosts, DHT_NODES)
    const home = async (router: Router): Promise<Home> => {
      const address = addressOf(++addresses)
      if (router === 'none') {
        const name = await attach('eth0', address)
        return {
          address,
          person: storage => spaces.person(name, storage, bootstrap, false),
          program: (script, ...args) => spaces.program(name, script, ...args),
          connect: async connected =>
            void (await spaces.ip('-n', name, 'link', 'set', 'eth0', connected ? 'up' : 'down')),
          change: () => Promise.reject(new Error('There is no router')),
        }
      }
      const between = await attach('wan', address)
      const name = await spaces.add()
      await spaces.plug(between, 'lan', name, 'eth0')
      await spaces.ip('-n', between, 'address', 'add', `${ROUTER}/24`, 'dev', 'lan')
      await spaces.ip('-n', name, 'address', 'add', `${HOME}/24`, 'dev', 'eth0')
      await spaces.ip('-n', name, 'route', 'add', 'default', 'via', ROUTER)
      await spaces.run(between, 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1')
      const change = async (router: Exclude<Router, 'none'>) => {
        const rules = `flush ruleset\ntable ip router {\n${[...COMMON, ...RULES[router]].join('\n')}\n}`
        await spaces.run(between, 'nft', rules).catch((error: Error) => {
          throw new Error(`This test needs nftables (Debian: apt-get install nftables): ${error.message}`)
        })
      }
      await change(router)
      return {
        address,
        person: storage => spaces.person(name, storage, bootstrap, false),
        program: (script, ...args) => spaces.program(name, script, ...args),
        connect: async connected =>
          void (await spaces.ip('-n', name, 'route', connected ? 'add' : 'delete', 'default', 'via', ROUTER)),
        change,
      }
    }
    return { bootstrap, home, close: () => spaces.close() }
  } catch (error) {
    await spaces.close()
    throw error
  }
}

const COMMON = [
  // What comes unasked is dropped without a word. Answered or not, it would take the port from who is about to go there.
  'chain input { type filter hook input priority filter; iifname "wan" ct state != { established, related } drop; }',
  'chain unasked { type filter hook forward priority filter; iifname "wan" ct status dnat accept; iifname "wan" ct state != { established, related } drop; }',
]

const hidden = (how = '') =>
  `chain hidden { type nat hook postrouting priority srcnat; oifname "wan" masquerade ${how}; }`
const led = (to: string) =>
  `chain led { type nat hook prerouting priority dstnat; iifname "wan" meta l4proto udp dnat to ${to}; }`

const RULES: Readonly<Record<Exclude<Router, 'none'>, readonly string[]>> = {
  // Linux keeps the port where it can, whoever is spoken to.
  'port-restricted': [hidden()],
  symmetric: [hidden('fully-random')],
  open: [hidden(), led(HOME)],
  'full-cone': [
    'map inside { type inet_service : ipv4_addr; size 65535; flags dynamic; }',
    'chain remembered { type filter hook forward priority filter - 1; oifname "wan" meta l4proto udp update @inside { udp sport : ip saddr }; }',
    hidden(),
    led('udp dport map @inside'),
  ],
  blocks: [hidden(), 'chain blocked { type filter hook forward priority filter - 1; meta l4proto udp drop; }'],
}
