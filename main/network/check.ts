/** What a stranger's attempt to open a link has shown, in words. Pure; see `stranger.ts` for what it cannot show. */
import { assertNever } from '../../preload/contract/errors.ts'
import type { Check, CheckStep, CheckVerdict, LookupResult } from '../../preload/contract/models.ts'

/** How asking one machine went: as far as it got. */
export type Outcome = {
  readonly publicKey: string
  readonly self: boolean
  /**
   * `silent`: it did not answer, not even through the DHT. `blocked`: it did, and no packet came directly. `lacks`: connected, and
   * it did not give the archive. `gave`: head and a block of it, verified.
   */
  readonly how: 'silent' | 'blocked' | 'refused' | 'connected' | 'lacks' | 'gave'
  /** Over an address of this network or machine, and not from outside. */
  readonly near: boolean
  /** The version of the archive that it has. */
  readonly length: number
}

export type CheckFacts = {
  readonly step: CheckStep['name'] | 'done'
  /** The system knows a way to the DHT. */
  readonly route: boolean
  /** How far the nodes that are asked can see: they are on this machine, in its own network, or elsewhere. */
  readonly scope: 'machine' | 'network' | 'world'
  /** This machine means to announce it, and has some of it. */
  readonly announces: boolean
  readonly holds: boolean
  /** Since it went online, somebody came in from elsewhere, or nodes got in unasked. */
  readonly outside: boolean
  /** Machines that were met on the local network and are connected, for which nobody is asked. */
  readonly room: number
  /** Of the DHT, known to the stranger; null: not asked yet. */
  readonly nodes: number | null
  readonly lookup: LookupResult | null
  readonly tried: readonly Outcome[]
  /** Milliseconds that each step took. */
  readonly took: Readonly<Partial<Record<CheckStep['name'], number>>>
}

export function judgeCheck(facts: CheckFacts): CheckVerdict | null {
  const { step, route, scope, announces, holds, outside, nodes, lookup } = facts
  const tried = counted(facts)
  if (step !== 'done') return null
  if (!route) return 'offline'
  if (nodes === null || nodes === 0 || lookup === null || lookup.answered === 0) return 'dht-silent'
  if (lookup.found.length === 0) return 'not-announced'
  const own = tried.find(({ self }) => self)
  const gave = tried.some(({ how }) => how === 'gave')
  if (own?.how === 'gave') return scope !== 'world' || outside ? 'reachable' : 'works-from-here'
  if (gave) return announces ? 'others-only' : 'reachable'
  if (announces && !lookup.found.some(({ self }) => self)) return 'not-announced'
  // No packet came back from this machine to itself: routers that refuse that are common.
  if (own?.how === 'blocked' && scope !== 'machine') return 'unclear'
  if (tried.some(({ how }) => how === 'lacks') || (!holds && tried.length === 0)) return 'lacks'
  return 'unreachable'
}

/** This machine, which announces what it looks for, says nothing of who has it while it has nothing itself. */
const counted = ({ holds, tried }: CheckFacts): readonly Outcome[] =>
  tried.filter(({ self, how }) => holds || !self || how === 'gave')

export function sayCheck(facts: CheckFacts): Check {
  const verdict = judgeCheck(facts)
  return { steps: STEPS.map(name => stepOf(name, facts)), verdict, ...words(verdict, facts) }
}

const STEPS = ['network', 'announce', 'connect', 'content'] as const

function stepOf(name: CheckStep['name'], facts: CheckFacts): CheckStep {
  const { step, took } = facts
  const at = step === 'done' ? STEPS.length : STEPS.indexOf(step)
  const place = STEPS.indexOf(name)
  const base = { name, milliseconds: took[name] ?? null }
  if (place > at) return { ...base, state: 'waiting', said: waiting(name) }
  if (place === at) return { ...base, state: 'running', said: waiting(name) }
  return { ...base, ...ended(name, facts) }
}

function waiting(name: CheckStep['name']): string {
  switch (name) {
    case 'network':
      return 'Reach the network as a stranger'
    case 'announce':
      return 'Find who announces the archive'
    case 'connect':
      return 'Connect to them'
    case 'content':
      return 'Fetch the head and one block, and verify them'
    default:
      return assertNever(name)
  }
}

function ended(name: CheckStep['name'], facts: CheckFacts): Pick<CheckStep, 'state' | 'said'> {
  const { nodes, lookup } = facts
  const tried = counted(facts)
  const verdict = judgeCheck(facts)
  switch (name) {
    case 'network':
      return (nodes ?? 0) > 0
        ? { state: 'passed', said: `A stranger reached the network: ${count(nodes ?? 0, 'node')} answered` }
        : { state: 'failed', said: 'No node of the network answered a stranger' }
    case 'announce': {
      if (lookup === null) return { state: 'skipped', said: 'Not looked up' }
      const asked = `${lookup.answered} of ${count(lookup.asked, 'node')} answered`
      if (lookup.found.length === 0) return { state: 'failed', said: `Nobody announces it (${asked})` }
      const self = lookup.found.some(({ self }) => self)
      const others = lookup.found.length - (self ? 1 : 0)
      const who = self
        ? others === 0
          ? 'this machine'
          : `this machine and ${count(others, 'other')}`
        : count(others, 'other machine')
      return {
        state: self || !facts.announces ? 'passed' : 'failed',
        said: `Announced by ${who}${self || !facts.announces ? '' : ', and not by this one'}; ${count(lookup.holders, 'node')} told so (${asked})`,
      }
    }
    case 'connect': {
      const [best] = [...tried].sort((a, b) => RANK[b.how] - RANK[a.how])
      if (best === undefined) return { state: 'skipped', said: 'Nobody to connect to' }
      const who = best.self ? 'this machine' : 'another machine'
      switch (best.how) {
        case 'gave':
        case 'lacks':
        case 'connected':
          return {
            state: 'passed',
            said: `Connected to ${who}${best.near ? ' over an address of this network, which is not the way from elsewhere' : ''}`,
          }
        case 'blocked':
          return {
            state: verdict === 'unclear' ? 'unclear' : 'failed',
            said: best.self
              ? 'This machine answered through the network, and no packet came back to it directly'
              : 'They answer through the network, and no direct way to them was found from here',
          }
        case 'refused':
          return { state: 'failed', said: `${best.self ? 'This machine' : 'The other machine'} refused the connection` }
        case 'silent':
          return {
            state: 'failed',
            said: best.self ? 'This machine did not answer' : `${count(tried.length, 'machine')} did not answer`,
          }
        default:
          return assertNever(best.how)
      }
    }
    case 'content': {
      const gave = tried.find(({ how }) => how === 'gave')
      if (gave !== undefined)
        return {
          state: 'passed',
          said: `Version ${gave.length} and one block of it came, and are what the link's key signed`,
        }
      if (tried.some(({ how }) => how === 'lacks')) return { state: 'failed', said: 'Nothing of the archive came' }
      return { state: 'skipped', said: 'Nobody to fetch from' }
    }
    default:
      return assertNever(name)
  }
}

const RANK: Readonly<Record<Outcome['how'], number>> = {
  silent: 0,
  refused: 1,
  blocked: 2,
  connected: 3,
  lacks: 4,
  gave: 5,
}

function words(verdict: CheckVerdict | null, facts: CheckFacts): Pick<Check, 'title' | 'meaning' | 'advice'> {
  const { scope, announces, outside, room } = facts
  const tried = counted(facts)
  const gave = tried.find(({ how }) => how === 'gave')
  if ((verdict === 'dht-silent' || verdict === 'offline') && announces && room > 0)
    return {
      title: 'Only somebody on this local network can',
      meaning:
        'The internet cannot be reached from here, or none of the nodes there answers. Whoever runs Cairn on the same local network finds it without them.',
      advice: 'To reach friends elsewhere, connect to the internet.',
    }
  switch (verdict) {
    case null:
      return { title: 'Looking, as a friend would…', meaning: '', advice: null }
    case 'reachable':
      return {
        title: scope === 'world' ? 'Yes, a friend can open it' : `Yes, within this ${scope}`,
        meaning: gave?.self
          ? scope !== 'world'
            ? `A stranger with nothing but the link found it and got verified content. That was within this ${scope}, where the nodes are that Cairn asks; it says nothing of elsewhere.`
            : 'A stranger with nothing but the link found it and got verified content; and machines elsewhere have got through to this one. The stranger was on this machine, so that one friend’s own router may still stand in the way.'
          : 'A stranger with nothing but the link found it with somebody else and got verified content.',
        advice: null,
      }
    case 'works-from-here':
      return {
        title: 'All that can be checked from here works',
        meaning:
          'A stranger with nothing but the link found it and got verified content. The stranger was on this machine: nobody from elsewhere has come through your router yet, so that this cannot be promised.',
        advice: 'Ask a friend to open it once. When they have, the network page says so.',
      }
    case 'others-only':
      // Where a router does not send packets back in, nothing is known of this machine.
      if (tried.some(({ self, how }) => self && how === 'blocked') && scope !== 'machine')
        return {
          title: 'A friend gets it from others',
          meaning: `Others announce it and give it. Whether this machine gives it too cannot be tried from here: your router does not lead this machine back to itself, as many do not.${
            outside ? ' Machines elsewhere have got through to it, so that it most likely does.' : ''
          }`,
          advice: null,
        }
      return {
        title: 'A friend gets it, but not from this machine',
        meaning: 'Others announce it and give it. This machine was not found, or could not be reached.',
        advice: 'Check again in a minute. If it stays so, look at what the network page says of this machine.',
      }
    case 'unclear':
      return {
        title: outside ? 'Most likely: all but the last step could be tried' : 'It cannot be told from here',
        meaning: `It is announced, and this machine answers through the network. A direct connection from this machine to itself failed, which many routers refuse; ${
          outside ? 'machines elsewhere have got through to this one.' : 'a friend elsewhere may succeed.'
        }`,
        advice: 'Ask a friend to open it.',
      }
    case 'unreachable':
      return tried.some(({ self }) => self)
        ? {
            title: 'No: it is announced, and this machine cannot be reached',
            meaning: 'Friends find that this machine has it, and get no answer from it.',
            advice: 'Start Cairn again. If that does not help, a firewall may hold back what comes in over UDP.',
          }
        : {
            title: 'No: it is announced, and nobody who does can be reached',
            meaning: tried.some(({ how }) => how === 'blocked')
              ? 'They answer through the network, and no direct way to them was found from here. Somebody elsewhere may find one.'
              : 'An announcement outlives its machine by up to twenty minutes: they are most likely off.',
            advice: tried.some(({ how }) => how === 'blocked')
              ? 'Try another network, such as that of a phone, or ask its author to.'
              : 'Ask its author to start Cairn.',
          }
    case 'lacks':
      return {
        title: 'No: whoever announces it does not give it',
        meaning:
          tried.length === 0
            ? 'Nobody but this machine announces it, and this machine is still looking for it.'
            : 'They can be reached, and nothing of the archive came. They may not have it themselves yet.',
        advice: announces
          ? 'Wait until this machine has found it, then check again.'
          : 'Ask its author to start Cairn.',
      }
    case 'not-announced':
      return announces
        ? {
            title: 'Not now: this machine is not found',
            meaning: 'This machine announces it, and the network does not know of that (any more).',
            advice: 'Cairn announces it again by itself, within half a minute as a rule. Check again then.',
          }
        : {
            title: 'No: nobody announces it',
            meaning: 'The network answers, and nobody on it says that they have this archive.',
            advice: 'Ask its author to start Cairn.',
          }
    case 'dht-silent':
      return {
        title: 'No: the network does not answer',
        meaning: 'None of the nodes that know who has what answered, so that nobody can be found.',
        advice: 'A firewall that blocks UDP is the usual cause: allow Cairn in it, or try another network.',
      }
    case 'offline':
      return {
        title: 'No: this machine is offline',
        meaning: 'While it is, friends get the archive only from others who hold it.',
        advice: 'Connect to a network.',
      }
    default:
      return assertNever(verdict)
  }
}

const count = (value: number, one: string): string => `${value} ${value === 1 ? one : `${one}s`}`
