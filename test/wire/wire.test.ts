/** One suite over every pipe: what a client of the bridge can count on. */
import { setImmediate as tick } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { Collection } from '../../main/lib/collection.ts'
import { call, stream, type } from '../../preload/contract/define.ts'
import { AppError } from '../../preload/contract/errors.ts'
import type { Change } from '../../preload/contract/models.ts'
import { type Client, connect } from '../../preload/wire/connect.ts'
import { type ServerFrame, WINDOW } from '../../preload/wire/frames.ts'
import { type Handlers, type Incident, serve } from '../../preload/wire/serve.ts'
import { type Pipe, pipes } from './pipes.ts'

type Stone = { readonly id: string; readonly text: string; readonly weight: number }

const cairn = {
  stones: {
    add: call({ input: z.strictObject({ text: z.string().min(1) }), output: type<Stone>() }),
    remove: call({ input: z.strictObject({ id: z.string() }) }),
    watch: stream({ emits: type<readonly Change<Stone>[]>() }),
    watchHeavy: stream({ input: z.strictObject({ least: z.number() }), emits: type<readonly Change<Stone>[]>() }),
  },
  jobs: {
    count: call({
      input: z.strictObject({ to: z.number().int() }),
      emits: type<{ readonly done: number }>(),
      output: type<{ readonly counted: number }>(),
    }),
    /** Emits as fast as it can until it is told to stop. */
    flood: call({ emits: type<{ readonly done: number; readonly text: string }>(), output: type<number>() }),
    wait: call({}),
    fail: call({
      input: z.strictObject({ how: z.enum(['bug', 'unsendable', 'progress']) }),
      emits: type<unknown>(),
      output: type<unknown>(),
    }),
  },
  watchTicks: stream({ emits: type<number>() }),
} as const
type Cairn = typeof cairn

function backend() {
  const stones = new Collection<Stone>()
  const state = { aborted: 0, running: 0, stopFlood: false, pulled: 0 }
  const handlers: Handlers<Cairn> = {
    stones: {
      add({ text }) {
        const stone = { id: `s${stones.size}`, text, weight: text.length }
        stones.put(stone)
        return stone
      },
      remove({ id }) {
        if (stones.get(id) === undefined) throw new AppError('TRANSFER_NOT_FOUND', 'No such stone', { id })
        stones.delete(id)
      },
      watch: (_, signal) => stones.watch(signal),
      watchHeavy: ({ least }, signal) => stones.watch(signal, stone => stone.weight >= least),
    },
    jobs: {
      async count({ to }, { signal, emit }) {
        for (let done = 1; done <= to; done++) {
          await tick()
          if (signal.aborted) {
            state.aborted++
            signal.throwIfAborted()
          }
          emit({ done })
        }
        return { counted: to }
      },
      async flood(_, { signal, emit }) {
        let done = 0
        while (!state.stopFlood && !signal.aborted) {
          emit({ done: ++done, text: 'x'.repeat(10_000) })
          if (done % 10 === 0) await tick()
        }
        return done
      },
      async wait(_, { signal }) {
        state.running++
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        state.aborted++
      },
      fail({ how }, { emit }) {
        if (how === 'bug') throw new TypeError('secret path /home/x')
        if (how === 'progress') emit(() => {})
        return BigInt(1).constructor as unknown
      },
    },
    async *watchTicks() {
      for (let i = 0; ; i++) {
        state.pulled++
        yield i
      }
    },
  }
  return { stones, handlers, state }
}

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type Parts = ReturnType<typeof backend> & {
  pipe: Pipe
  client: Client<Cairn>
  incidents: Incident[]
  closed(): boolean
}

async function start(open: () => Promise<Pipe>): Promise<Parts> {
  const pipe = await open()
  closing.push(pipe.close)
  const parts = backend()
  const incidents: Incident[] = []
  let closed = false
  pipe.server.onClose(() => {
    closed = true
  })
  serve(cairn, parts.handlers, pipe.server, { onIncident: incident => incidents.push(incident) })
  return { ...parts, pipe, client: connect<Cairn>(pipe.client), incidents, closed: () => closed }
}

describe.each(Object.entries(pipes))('over %s', (_, open) => {
  test('a call is answered', async () => {
    const { client } = await start(open)
    expect(await client.stones.add({ text: 'Grüße 🪨' })).toEqual({ id: 's0', text: 'Grüße 🪨', weight: 8 })
  })

  test('many calls at once each get their own answer', async () => {
    const { client } = await start(open)
    const answers = await Promise.all(Array.from({ length: 300 }, (_, i) => client.jobs.count({ to: i % 7 })))
    expect(answers.map(({ counted }) => counted)).toEqual(Array.from({ length: 300 }, (_, i) => i % 7))
  })

  test('a wrong input names the field, and a surplus field is wrong', async () => {
    const { client } = await start(open)
    await expect(client.stones.add({ text: '' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      data: { issues: [{ path: 'text' }] },
    })
    const surplus = { text: 'x', more: 1 } as { text: string }
    await expect(client.stones.add(surplus)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await expect(client.jobs.wait(1 as unknown as undefined)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })

  test('an error keeps its type and data; a bug becomes a number and the log gets the rest', async () => {
    const { client, incidents } = await start(open)
    await expect(client.stones.remove({ id: 'none' })).rejects.toMatchObject({
      name: 'AppError',
      code: 'TRANSFER_NOT_FOUND',
      data: { id: 'none' },
    })
    expect(incidents).toEqual([])
    const error = await client.jobs.fail({ how: 'bug' }).catch((error: AppError) => error)
    expect(error).toMatchObject({ code: 'INTERNAL', data: { incident: incidents[0]?.id } })
    expect(JSON.stringify(error)).not.toContain('/home/x')
    expect(incidents).toMatchObject([{ path: 'jobs.fail', error: { message: 'secret path /home/x' } }])
  })

  test('no path walks into prototypes or half way', async () => {
    const { client } = await start(open)
    const paths = [
      'constructor',
      '__proto__',
      'stones.constructor',
      'stones.add.kind',
      'stones',
      'hasOwnProperty',
      'stones.',
    ]
    for (const path of paths) {
      const procedure = path.split('.').reduce<any>((node, name) => node[name], client)
      await expect(procedure({})).rejects.toMatchObject({ code: 'UNKNOWN_PROCEDURE', data: { path } })
    }
  })

  test('progress, then the result', async () => {
    const { client } = await start(open)
    const seen: number[] = []
    const result = await client.jobs.count({ to: 200 }, { onProgress: ({ done }) => seen.push(done) })
    expect(result).toEqual({ counted: 200 })
    expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
  })

  test('aborting rejects at once and reaches the handler', async () => {
    const { client, state, incidents } = await start(open)
    const abort = new AbortController()
    const onProgress = ({ done }: { done: number }) => {
      if (done === 2) abort.abort()
    }
    const job = client.jobs.count({ to: 1e9 }, { signal: abort.signal, onProgress })
    await expect(job).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect.poll(() => state.aborted).toBe(1)
    expect(incidents).toEqual([])
    await expect(client.jobs.wait(undefined, { signal: abort.signal })).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(state.running).toBe(0)
  })

  test('a watch begins with everything; leaving the loop frees the watcher', async () => {
    const { client, stones } = await start(open)
    stones.put({ id: 'a', text: 'A', weight: 1 })
    const seen: string[] = []
    for await (const changes of client.stones.watch()) {
      for (const change of changes) {
        seen.push(
          change.op === 'put' ? `put ${change.item.id}` : change.op === 'delete' ? `delete ${change.id}` : change.op,
        )
      }
      if (seen.length === 2) stones.put({ id: 'b', text: 'B', weight: 1 })
      if (seen.length === 3) stones.delete('a')
      if (seen.length === 4) break
    }
    expect(seen).toEqual(['reset', 'put a', 'put b', 'delete a'])
    await expect.poll(() => stones.watcherCount).toBe(0)
  })

  test('a filtered watch forgets what no longer passes', async () => {
    const { client, stones } = await start(open)
    stones.put({ id: 'a', text: 'A', weight: 9 })
    stones.put({ id: 'b', text: 'B', weight: 1 })
    const watch = client.stones.watchHeavy({ least: 5 })
    expect((await watch.next()).value).toMatchObject([{ op: 'reset' }, { op: 'put', item: { id: 'a' } }])
    stones.put({ id: 'b', text: 'B', weight: 2 })
    stones.put({ id: 'a', text: 'A', weight: 2 })
    expect((await watch.next()).value).toEqual([{ op: 'delete', id: 'a' }])
    await watch.return()
    await expect.poll(() => stones.watcherCount).toBe(0)
  })

  test('an iterator that nobody reads costs nothing, and one that waits can be left', async () => {
    const { client, stones } = await start(open)
    await client.stones.watch().return()
    client.stones.watch()
    await client.stones.add({ text: 'x' })
    expect(stones.watcherCount).toBe(0)
    const watch = client.stones.watch()
    await watch.next()
    expect(stones.watcherCount).toBe(1)
    const waiting = watch.next()
    await watch.return()
    expect(await waiting).toEqual({ value: undefined, done: true })
    await expect.poll(() => stones.watcherCount).toBe(0)
  })

  test('losing the backend fails what is pending and frees what is running', async () => {
    const { client, pipe, stones, state } = await start(open)
    const lost = { code: 'DISCONNECTED' }
    const job = expect(client.jobs.wait()).rejects.toMatchObject(lost)
    const watch = client.stones.watch()
    await watch.next()
    const waiting = expect(watch.next()).rejects.toMatchObject(lost)
    await expect.poll(() => state.running).toBe(1)
    pipe.drop()
    await job
    await waiting
    await expect.poll(() => [stones.watcherCount, state.aborted]).toEqual([0, 1])
    await expect(client.stones.add({ text: 'x' })).rejects.toMatchObject({ code: 'DISCONNECTED' })
    await expect(client.stones.watch().next()).rejects.toMatchObject({ code: 'DISCONNECTED' })
  })

  test('losing the client frees what is running', async () => {
    const { client, pipe, stones, state } = await start(open)
    const job = expect(client.jobs.wait()).rejects.toMatchObject({ code: 'DISCONNECTED' })
    await client.stones.watch().next()
    await expect.poll(() => state.running).toBe(1)
    pipe.client.close()
    await job
    await expect.poll(() => [stones.watcherCount, state.aborted]).toEqual([0, 1])
  })

  const garbage: readonly unknown[] = [
    { t: 'call', id: 'x' },
    { t: 'call', id: 1, path: 'jobs.wait', credit: 1, more: 1 },
    { t: 'call', id: 1, path: 'jobs.wait', credit: 1e9 },
    { t: 'call', id: 1, path: 'x'.repeat(1000), credit: 1 },
    { t: 'credit', id: 1, n: 0 },
    { t: 'done', id: 1, value: 1 },
    [],
    null,
    'call',
  ]
  test.each(garbage.map(frame => [JSON.stringify(frame).slice(0, 60), frame]))(
    '%s closes the connection',
    async (_, frame) => {
      const { pipe, closed, client, state } = await start(open)
      const lost = expect(client.jobs.wait()).rejects.toMatchObject({ code: 'DISCONNECTED' })
      await expect.poll(() => state.running).toBe(1)
      pipe.raw(frame)
      await expect.poll(() => closed()).toBe(true)
      await lost
      expect(state.aborted).toBe(1)
    },
  )

  test('the same number twice, or too many calls, closes the connection', async () => {
    for (const ids of [[1, 1], Array.from({ length: 1025 }, (_, i) => i + 1)]) {
      const { pipe, closed } = await start(open)
      for (const id of ids) pipe.raw({ t: 'call', id, path: 'jobs.wait', credit: 0 })
      await expect.poll(() => closed()).toBe(true)
    }
  })

  test('a stream is pulled no further than it is read', async () => {
    const { client, state } = await start(open)
    const ticks = client.watchTicks()
    for (let i = 0; i < 200; i++) expect((await ticks.next()).value).toBe(i)
    for (let i = 0; i < 20; i++) await client.stones.add({ text: 'x' })
    expect(state.pulled).toBeLessThanOrEqual(200 + WINDOW)
    await ticks.return()
  })

  test('a client that stops reading a watch makes nobody queue, and reads the newest afterwards', async () => {
    const { client, pipe, stones } = await start(open)
    const watch = client.stones.watch()
    await watch.next()
    const resume = pipe.stall()
    let peak = 0
    for (let weight = 1; weight <= 2000; weight++) {
      stones.put({ id: 'a', text: 'x'.repeat(100_000), weight })
      if (weight % 4 === 0) await tick()
      peak = Math.max(peak, pipe.buffered())
    }
    expect(peak).toBeLessThan(WINDOW * 100_000 + (2 << 20))
    resume()
    let frames = 0
    for await (const changes of watch) {
      frames++
      if (changes.some(change => change.op === 'put' && change.item.weight === 2000)) break
    }
    expect(frames).toBeLessThanOrEqual(2 * WINDOW)
  })

  test('a client that stops reading progress gets the newest, then the result', async () => {
    const { client, pipe, state } = await start(open)
    const seen: number[] = []
    const job = client.jobs.flood(undefined, { onProgress: ({ done }) => seen.push(done) })
    await expect.poll(() => seen.length).toBeGreaterThan(0)
    const resume = pipe.stall()
    let peak = 0
    for (let round = 0; round < 2000; round++) {
      await tick()
      peak = Math.max(peak, pipe.buffered())
    }
    state.stopFlood = true
    for (let round = 0; round < 10; round++) await tick()
    resume()
    const done = await job
    expect(peak).toBeLessThan((WINDOW + 1) * 10_100 + (1 << 17))
    expect(done).toBeGreaterThan(10_000)
    expect(seen.at(-1)).toBe(done)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  test('progress that nobody wants is not sent', async () => {
    const { client, pipe } = await start(open)
    const sent: ServerFrame[] = []
    const send = pipe.server.send
    pipe.server.send = frame => {
      sent.push(frame)
      return send.call(pipe.server, frame)
    }
    await client.jobs.count({ to: 100 })
    expect(sent.map(({ t }) => t)).toEqual(['next', 'done'])
  })

  test('10,000 fuzzed frames crash nothing; each is answered with a code or a closed connection', async () => {
    const word = fc.constantFrom(
      't',
      'id',
      'path',
      'input',
      'credit',
      'n',
      'call',
      'cancel',
      'next',
      'done',
      'hello',
      '__proto__',
      'constructor',
    )
    const path = fc.constantFrom('stones.add', 'stones.remove', 'jobs.fail', 'stones', 'constructor', '__proto__.x', '')
    const call = fc.record(
      {
        t: fc.constantFrom('call', 'call', 'call', 'cancel', 'credit', 'x'),
        id: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.double(), fc.string()),
        path: fc.oneof(path, fc.string()),
        input: fc.anything({ withNullPrototype: true }),
        credit: fc.integer({ min: -1, max: WINDOW + 1 }),
      },
      { requiredKeys: ['t', 'id'] },
    )
    const almost = fc.record({
      t: fc.constant('call'),
      id: fc.integer({ min: 1, max: 1e6 }),
      path,
      input: fc.oneof(fc.jsonValue(), fc.record({ text: fc.jsonValue() }), fc.dictionary(word, fc.jsonValue())),
      credit: fc.integer({ min: 0, max: WINDOW }),
    })
    const frames = fc.sample(
      fc.oneof(
        { arbitrary: almost, weight: 40 },
        { arbitrary: call, weight: 1 },
        { arbitrary: fc.dictionary(word, fc.jsonValue()), weight: 1 },
        { arbitrary: fc.jsonValue(), weight: 1 },
      ),
      10_000,
    )
    const codes = new Map<string, number>()
    const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1)
    let at = 0
    while (at < frames.length) {
      const pipe = await open()
      const { handlers } = backend()
      const answers = new Set<number>()
      let closed = false
      pipe.server.onClose(() => {
        closed = true
      })
      serve(cairn, handlers, pipe.server)
      pipe.client.onFrame(frame => {
        answers.add(frame.id)
        count(frame.t === 'fail' ? frame.error.code : frame.t)
      })
      const asked = new Set<number>()
      while (at < frames.length && !closed && asked.size < 200) {
        const frame = frames[at++] as { t?: unknown; id?: unknown }
        try {
          pipe.raw(frame)
        } catch {
          continue
        }
        if (frame?.t === 'call' && typeof frame.id === 'number') asked.add(frame.id)
        if (at % 5 === 0) await tick()
      }
      await vi.waitFor(() => expect(closed || [...asked].every(id => answers.has(id))).toBe(true), { interval: 1 })
      if (closed) count('closed')
      await pipe.close()
    }
    expect([...codes.keys()]).toEqual(expect.arrayContaining(['INVALID_INPUT', 'UNKNOWN_PROCEDURE', 'done', 'closed']))
    expect(codes.has('INTERNAL')).toBe(false)
  }, 60_000)
})

test('a slow watcher gets one change per key', async () => {
  const stones = new Collection<Stone>()
  const abort = new AbortController()
  const watch = stones.watch(abort.signal)
  await watch.next()
  for (let weight = 0; weight < 10_000; weight++) stones.put({ id: 'a', text: 'A', weight })
  expect((await watch.next()).value).toEqual([{ op: 'put', item: { id: 'a', text: 'A', weight: 9999 } }])
  abort.abort()
  expect(await watch.next()).toEqual({ value: undefined, done: true })
  expect(stones.watcherCount).toBe(0)
})

test('a backend that sends more than it was granted, or garbage, is left', async () => {
  for (const frames of [
    Array.from({ length: WINDOW + 2 }, () => ({ t: 'next', id: 1, value: 1 })),
    [{ t: 'nonsense' }],
  ]) {
    const { server, client } = await pipes['memory']!()
    server.onFrame(() => {
      for (const frame of frames) void server.send(frame as ServerFrame)
    })
    const read = async () => {
      for await (const _ of connect<Cairn>(client).watchTicks()) continue
    }
    await expect(read()).rejects.toMatchObject({ code: 'DISCONNECTED' })
  }
})

test('what cannot be sent is a bug of ours and not a crash', async () => {
  const { client, incidents } = await start(pipes['MessagePort']!)
  await expect(client.jobs.fail({ how: 'unsendable' })).rejects.toMatchObject({ code: 'INTERNAL' })
  await expect(client.jobs.fail({ how: 'progress' }, { onProgress() {} })).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(incidents).toHaveLength(2)
})
