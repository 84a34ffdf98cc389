/** A lookup that can be watched: each node that is asked, how close it is to what is looked for, and who was found. */
import { Search } from 'lucide-react'
import { type ReactElement, useEffect, useId, useRef, useState } from 'react'
import type { ArchiveRow, LookupNode, LookupResult } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { titleOf } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { Button } from '../../ui/button.tsx'
import { Switch } from '../../ui/field.tsx'
import { count, number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'

export function LookupPanel({ archives }: { readonly archives: readonly ArchiveRow[] }): ReactElement {
  const [chosen, setChosen] = useState<string | null>(null)
  const [fresh, setFresh] = useState(true)
  const [nodes, setNodes] = useState<readonly LookupNode[]>([])
  const [result, setResult] = useState<LookupResult | null>(null)
  const running = useRef<AbortController | null>(null)
  const [busy, setBusy] = useState(false)
  const select = useId()
  useEffect(() => () => running.current?.abort(), [])
  const row = archives.find(({ id }) => id === chosen) ?? archives[0]
  const look = () => {
    running.current?.abort()
    if (row === undefined) return
    const life = new AbortController()
    const seen = new Map<number, LookupNode>()
    running.current = life
    setNodes([])
    setResult(null)
    setBusy(true)
    attempt(async () => {
      try {
        const ended = await backend.network.lookup(
          { link: row.link, fresh },
          {
            signal: life.signal,
            onProgress: told => {
              for (const node of told) seen.set(node.node, node)
              if (!life.signal.aborted) setNodes([...seen.values()])
            },
          },
        )
        setResult(ended)
      } finally {
        if (running.current === life) setBusy(false)
      }
    })
  }
  return (
    <section aria-labelledby={`${select}-title`} className="flex flex-col gap-3">
      <div>
        <h2 id={`${select}-title`} className="text-md font-semibold">
          Watch a lookup
        </h2>
        <p className="max-w-160 text-pretty text-muted">
          Who shares an archive is kept by the nodes whose numbers are closest to it. To find them, a few nodes are
          asked for closer ones, and those again.
        </p>
      </div>
      {row === undefined ? (
        <p className="text-muted">Publish or open something first: then it can be looked up here.</p>
      ) : (
        <>
          <div className="flex flex-wrap items-end gap-x-4 gap-y-2">
            <label className="flex min-w-0 flex-col gap-1 text-sm font-medium" htmlFor={select}>
              Archive
              <select
                id={select}
                value={row.id}
                onChange={event => setChosen(event.target.value)}
                className="h-8 max-w-72 rounded-md border border-line-strong/60 bg-surface px-2 text-base font-normal text-ink hover:border-line-strong"
              >
                {archives.map(archive => (
                  <option key={archive.id} value={archive.id}>
                    {plainName(titleOf(archive))}
                  </option>
                ))}
              </select>
            </label>
            <Button className="h-8" icon={<Search size={14} aria-hidden />} onClick={look} aria-disabled={busy}>
              {busy ? 'Looking…' : 'Look it up'}
            </Button>
          </div>
          <div className="max-w-120">
            <Switch
              label="As a stranger does"
              hint="Begins with nothing, and not with the nodes that are known here."
              checked={fresh}
              onChecked={setFresh}
            />
          </div>
          {(nodes.length > 0 || result !== null) && <Seen nodes={nodes} result={result} />}
        </>
      )}
    </section>
  )
}

function Seen({
  nodes,
  result,
}: {
  readonly nodes: readonly LookupNode[]
  readonly result: LookupResult | null
}): ReactElement {
  return (
    <div className="flex flex-col gap-2">
      <p role="status" className="min-h-10 text-pretty">
        {result === null ? `${count(nodes.length, 'node')} asked…` : sayResult(result)}
      </p>
      <Picture nodes={nodes} milliseconds={result?.milliseconds ?? 0} />
      <details>
        <summary className="w-fit cursor-pointer rounded text-sm text-muted hover:text-ink">
          The same as a table ({count(nodes.length, 'node')})
        </summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <section
          aria-label="Nodes that were asked"
          tabIndex={0}
          className="mt-2 max-h-80 overflow-auto rounded-lg border border-line"
        >
          <table className="w-full min-w-112 border-collapse text-left text-sm">
            <thead className="sticky top-0 bg-sunken text-muted">
              <tr className="[&>th]:px-3 [&>th]:py-1.5 [&>th]:font-normal [&>th]:whitespace-nowrap">
                <th scope="col">Node</th>
                <th scope="col">Hop</th>
                <th scope="col">Distance</th>
                <th scope="col">Answer</th>
                <th scope="col">Knows</th>
              </tr>
            </thead>
            <tbody className="tabular">
              {nodes.map(node => (
                <tr key={node.node} className="border-t border-line [&>*]:px-3 [&>*]:py-1">
                  <th scope="row" className="font-normal">
                    {plainName(node.address)}
                  </th>
                  <td>{node.hop}</td>
                  <td>
                    2<sup>{node.distance.toFixed(1)}</sup>
                  </td>
                  <td>{sayAnswer(node)}</td>
                  <td>{node.announcers === 0 ? '' : count(node.announcers, 'announcer')}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </div>
  )
}

function sayAnswer({ answer, askedAt, endedAt }: LookupNode): string {
  if (answer === 'none-yet' || endedAt === null) return 'not yet'
  return answer === 'silent' ? 'silent' : `${number(endedAt - askedAt)} ms`
}

function sayResult({ asked, silent, hops, milliseconds, found, holders, cut }: LookupResult): string {
  const others = found.filter(({ self }) => !self).length
  const self = others < found.length
  const who =
    found.length === 0
      ? silent === asked
        ? 'No node answered, so that nothing is known of who announces it.'
        : 'Nobody announces it.'
      : `${count(holders, 'node')} ${holders === 1 ? 'knows' : 'know'} who announces it: ${
          self ? `this machine${others === 0 ? '' : ` and ${count(others, 'other')}`}` : count(others, 'machine')
        }.`
  return `${count(asked, 'node')} asked in ${(milliseconds / 1000).toFixed(1)} s${
    silent === 0 ? '' : `, ${number(silent)} of them silent`
  }${silent === asked ? '' : `; the closest is ${count(hops, 'hop')} away`}. ${who}${cut ? ' It was ended, since it took too long.' : ''}`
}

const WIDTH = 640
const HEIGHT = 220
const EDGE = 8

/** Time to the right, closeness downwards; a line leads from who told of a node to it. */
function Picture({
  nodes,
  milliseconds,
}: {
  readonly nodes: readonly LookupNode[]
  readonly milliseconds: number
}): ReactElement {
  const latest = Math.max(milliseconds, 200, ...nodes.map(({ askedAt, endedAt }) => endedAt ?? askedAt))
  const far = Math.max(1, ...nodes.map(({ distance }) => distance))
  const near = Math.min(far - 1, ...nodes.map(({ distance }) => distance))
  const x = (time: number) => EDGE + (time / latest) * (WIDTH - 2 * EDGE)
  const y = (distance: number) => EDGE + ((far - distance) / (far - near)) * (HEIGHT - 2 * EDGE)
  const byNumber = new Map(nodes.map(node => [node.node, node]))
  const knowing = nodes.filter(({ announcers }) => announcers > 0).length
  const hops = Math.max(0, ...nodes.map(({ hop }) => hop))
  return (
    <figure className="flex flex-col gap-1.5">
      <div className="flex gap-2">
        <div className="flex w-9 shrink-0 flex-col justify-between py-1 text-xs text-muted" aria-hidden>
          <span>far</span>
          <span>close</span>
        </div>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${count(nodes.length, 'node')} in ${count(hops, 'hop')}, from far to close; ${number(knowing)} of them know who announces it`}
          className="h-56 min-w-0 flex-1 rounded-lg border border-line bg-sunken"
        >
          {nodes.map(node => {
            const teller = node.teller === null ? undefined : byNumber.get(node.teller)
            const from = teller === undefined ? null : { x: x(teller.endedAt ?? teller.askedAt), y: y(teller.distance) }
            return from === null ? null : (
              <line
                key={node.node}
                x1={from.x}
                y1={from.y}
                x2={x(node.askedAt)}
                y2={y(node.distance)}
                className="stroke-line-strong"
                vectorEffect="non-scaling-stroke"
                strokeWidth="1"
                opacity="0.6"
              />
            )
          })}
          {nodes.map(node => (
            <line
              key={node.node}
              x1={x(node.askedAt)}
              y1={y(node.distance)}
              x2={Math.max(x(node.askedAt) + 0.01, x(node.endedAt ?? latest))}
              y2={y(node.distance)}
              vectorEffect="non-scaling-stroke"
              strokeWidth={node.announcers > 0 ? 8 : 5}
              strokeLinecap="round"
              strokeDasharray={node.answer === 'silent' ? '1 7' : undefined}
              className={
                node.announcers > 0 ? 'stroke-good' : node.answer === 'answered' ? 'stroke-accent' : 'stroke-faint'
              }
            />
          ))}
        </svg>
      </div>
      <figcaption className="flex flex-wrap gap-x-4 gap-y-1 pl-11 text-xs text-muted">
        <span className="flex w-full justify-between">
          <span>0 s</span>
          <span>{(latest / 1000).toFixed(1)} s</span>
        </span>
        <Key className="h-2 bg-good">knows who announces it</Key>
        <Key className="h-1.5 bg-accent">answered</Key>
        <Key className="h-0 border-t-4 border-dotted border-faint">silent, or not yet</Key>
      </figcaption>
    </figure>
  )
}

function Key({ className, children }: { readonly className: string; readonly children: string }): ReactElement {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden className={`w-5 rounded-full ${className}`} />
      {children}
    </span>
  )
}
