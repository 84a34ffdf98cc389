/**
 * How this machine can be reached, told in words from what is known, and from nothing else. Pure: `judgeReach` makes the verdict,
 * `sayReach` says it. What has not been seen is not claimed: that a router lets something through shows only when something has
 * come through.
 */
import type { Reach, ReachVerdict } from '../../preload/contract/models.ts'
import { assertNever } from '../../preload/contract/errors.ts'

/** All that is known of this machine's place in the network at one moment, since it went online. */
export type ReachEvidence = {
  /** This backend was told to stay off the network; the person has not agreed to it yet. */
  readonly off: boolean
  readonly agreed: boolean
  /** The person has paused everything. */
  readonly paused: boolean
  /** The system knows a way to the nodes of the DHT. */
  readonly route: boolean
  /** The first round of questions to the DHT has ended. */
  readonly asked: boolean
  /** Nodes of the DHT that answer, as far as is known. */
  readonly nodes: number
  /** The DHT was silent when it was asked last. */
  readonly silent: boolean
  /** All of the DHT that is asked is on this very machine. */
  readonly loopback: boolean
  /** Whether nodes got in that this machine had not asked: null as long as none has tried. */
  readonly unasked: boolean | null
  /** How nodes of the DHT see this machine: null as long as too few have said it; port 0: each sees another one. */
  readonly seen: { readonly host: string; readonly port: number } | null
  /** How many of them have said it. */
  readonly samples: number
  /** The port to which a router would have to let others through. */
  readonly localPort: number | null
  /** Machines that connected to this one, and to which it did, from elsewhere and in its own network; over no third machine. */
  readonly came: { readonly far: number; readonly near: number }
  readonly went: { readonly far: number; readonly near: number }
  /** Attempts to connect that failed last, by machine: answered and no way was found; did not answer at all. */
  readonly blocked: number
  readonly noAnswer: number
  /** Connections that stand now, those of them that go over a third machine, and those that were found on the local network without the DHT. */
  readonly connected: number
  readonly relayed: number
  readonly room: number
}

export function judgeReach(evidence: ReachEvidence): ReachVerdict {
  const { off, paused, agreed, route, asked, nodes, silent, loopback, unasked, seen, came, went, connected, room } =
    evidence
  if (off) return 'off'
  if (paused) return 'paused'
  if (!agreed) return 'waiting-for-consent'
  const isMute = silent || (asked && nodes === 0)
  if (room > 0 && (!route || isMute)) return 'room'
  if (!route) return 'offline'
  if (connected === 0 && isMute) return 'dht-silent'
  // Who was met nearby says nothing of the DHT.
  if (!asked && connected <= room) return 'starting'
  if (loopback) return 'this-machine'
  // Nodes of one's own network say nothing of the way in from outside of it.
  if (seen !== null && isPrivate(seen.host)) return 'own-network'
  if (unasked === true) return 'open'
  if (seen === null) return 'unknown'
  if (seen.port === 0) return 'strict-nat'
  return came.far + went.far > 0 ? 'nat-works' : 'nat'
}

export function sayReach(evidence: ReachEvidence): Reach {
  const verdict = judgeReach(evidence)
  return { verdict, ...words(verdict, evidence), evidence: lines(verdict, evidence) }
}

type Words = { readonly title: string; readonly meaning: string; readonly advice: string | null }

const FORWARD = (port: number | null): string =>
  port === null
    ? 'If your router can let a port through to this machine, friends reach it directly.'
    : `If your router can let UDP port ${port} through to this machine, friends reach it directly.`

function words(verdict: ReachVerdict, { localPort, came, connected }: ReachEvidence): Words {
  switch (verdict) {
    case 'off':
      return {
        title: 'Network is off',
        meaning:
          'Cairn was started without a network. Nothing is announced and nothing is looked up; what is on this device works.',
        advice: null,
      }
    case 'paused':
      return {
        title: 'Everything is paused',
        meaning:
          'You have paused everything. Nothing is fetched, and nobody reaches what you share, until you go on. What is on this device works.',
        advice: null,
      }
    case 'waiting-for-consent':
      return {
        title: 'Not connected yet',
        meaning:
          'Nothing is announced or looked up until you have read what other machines can see of yours, and agreed.',
        advice: null,
      }
    case 'starting':
      return { title: 'Connecting…', meaning: 'Asking the nodes that know who has what.', advice: null }
    case 'offline':
      return {
        title: 'Offline',
        meaning:
          'This machine has no network connection. What is on this device works; the rest goes on by itself when you are back.',
        advice: 'Connect to a network.',
      }
    case 'room':
      return {
        title: 'Local network only',
        meaning:
          'The internet cannot be reached from here, or none of the nodes there answers. Others on the same local network are connected: what they share is found and fetched.',
        advice: 'To meet people elsewhere, connect to the internet. The rest then goes on by itself.',
      }
    case 'dht-silent':
      return {
        title: 'The network does not answer',
        meaning: 'This machine has a connection, but none of the nodes that know who has what answers.',
        advice:
          'A firewall that blocks UDP is the usual cause: allow Cairn in it, or try another network, such as that of a phone.',
      }
    case 'this-machine':
      return {
        title: 'Online, on this machine only',
        meaning: 'The nodes that Cairn asks run on this machine: others are found only if they run here as well.',
        advice:
          'To meet people elsewhere, choose other nodes in the settings, or start Cairn without --bootstrap and CAIRN_BOOTSTRAP.',
      }
    case 'own-network':
      return {
        title: 'Online, within your network',
        meaning:
          'The nodes that Cairn asks see this machine at an address of your own network. Friends there find it; nothing is known of friends elsewhere.',
        advice: 'To meet people elsewhere, choose other nodes in the settings.',
      }
    case 'open':
      return {
        title: 'Online, and reachable from outside',
        meaning: 'Nodes elsewhere got through to this machine without being asked. Friends can connect to it directly.',
        advice: null,
      }
    case 'nat-works':
      return {
        title: 'Online, behind a router that works',
        meaning: `Your router lets nobody in unasked, so both sides reach out at the same time. That has worked ${
          came.far > 0 ? 'with friends who came to you' : 'with machines that you went to'
        } since this machine came online.`,
        advice: null,
      }
    case 'nat':
      return {
        title: 'Online, behind a router',
        meaning:
          'Your router lets nobody in unasked, so both sides have to reach out at the same time. That works with most routers; with yours it has not been tried since this machine came online.',
        advice: `If a friend cannot connect: ${lower(FORWARD(localPort))}`,
      }
    case 'strict-nat':
      return {
        title: 'Online, behind a strict router',
        meaning: `Your router shows this machine under another port to everybody whom it speaks to. Friends with an ordinary router can mostly connect all the same, and those with one like yours cannot.${
          connected > 0 ? ' Somebody is connected now.' : ''
        }`,
        advice: `${FORWARD(localPort)} Another network helps as well.`,
      }
    case 'unknown':
      return {
        title: 'Online',
        meaning: 'The network answers. Whether friends can reach this machine cannot be told yet.',
        advice: 'Wait a minute, or check one of your links below.',
      }
    default:
      return assertNever(verdict)
  }
}

/** What the verdict is known from, the weightiest first. */
function lines(verdict: ReachVerdict, evidence: ReachEvidence): readonly string[] {
  const {
    asked,
    nodes,
    samples,
    seen,
    unasked,
    came,
    went,
    blocked,
    noAnswer,
    connected,
    relayed,
    room,
    loopback,
    route,
  } = evidence
  if (verdict === 'off' || verdict === 'paused' || verdict === 'waiting-for-consent') return []
  const said: string[] = []
  if (!route) said.push('The system knows no way to any node.')
  else if (nodes > 0 && verdict !== 'dht-silent' && verdict !== 'room')
    said.push(`${count(nodes, 'node')} of the network are known here.`)
  else if (asked) said.push('None of the nodes that were asked answered.')
  if (!loopback && verdict !== 'offline' && verdict !== 'room') {
    if (unasked === true) said.push('Nodes elsewhere reached a port here that nothing had been sent from.')
    if (unasked === false) said.push('Nodes elsewhere were asked to knock here unannounced, and did not get through.')
    if (seen !== null && seen.port !== 0)
      said.push(`They see this machine at ${seen.host}:${seen.port}; ${count(samples, 'answer')} said so.`)
    if (seen !== null && seen.port === 0)
      said.push(`They see this machine at ${seen.host}, each at another port; ${count(samples, 'answer')} said so.`)
    if (seen === null && samples > 0)
      said.push(`${count(samples, 'answer')} of them did not agree on how they see this machine.`)
  }
  if (came.far > 0) said.push(`${count(came.far, 'connection')} came in from elsewhere.`)
  if (went.far > 0) said.push(`${count(went.far, 'connection')} to machines elsewhere succeeded.`)
  if (came.near + went.near > 0)
    said.push(
      `${count(came.near + went.near, 'connection')} ${loopback ? 'on this machine' : 'within your own network'}, which ${
        came.near + went.near === 1 ? 'says' : 'say'
      } nothing of elsewhere.`,
    )
  if (blocked > 0) said.push(`With ${count(blocked, 'machine')} no way through the routers between was found.`)
  if (noAnswer > 0) said.push(`${count(noAnswer, 'machine')} that others named did not answer: they may be off.`)
  if (room > 0)
    said.push(
      `${count(room, 'machine')} on the local network ${room === 1 ? 'was' : 'were'} found there and ${room === 1 ? 'is' : 'are'} connected.`,
    )
  if (connected > 0) said.push(`${count(connected, 'connection')} ${connected === 1 ? 'stands' : 'stand'} now.`)
  if (relayed > 0)
    said.push(
      `${relayed} of them ${relayed === 1 ? 'goes' : 'go'} over a third machine that the other side named, which says nothing of a direct way.`,
    )
  return said
}

/** RFC 1918, RFC 3927, RFC 6598. */
export const isPrivate = (host: string): boolean =>
  /^(10|127|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./.test(host)
const count = (value: number, one: string): string => `${value} ${value === 1 ? one : `${one}s`}`
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
