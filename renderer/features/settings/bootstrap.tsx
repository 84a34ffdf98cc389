/** The nodes that the network is entered by: the public ones, or the person's own. */
import { type ReactElement, useState } from 'react'
import type { Settings } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { useNetwork } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { TextField } from '../../ui/field.tsx'

const NODE = /^[^\s:@/]+:([1-9]\d{0,4})$/
const MOST = 20

/** null: some of it is no node. */
function nodesOf(text: string): readonly string[] | null {
  const nodes = text.split(/[\s,]+/).filter(Boolean)
  return nodes.length <= MOST && nodes.every(isNode) ? nodes : null
}

const isNode = (text: string): boolean => {
  const port = Number(NODE.exec(text)?.[1] ?? 0)
  return port >= 1 && port <= 65_535
}

export function Bootstrap({ saved }: { readonly saved: Settings['bootstrap'] }): ReactElement {
  const [draft, setDraft] = useState<string | null>(null)
  const status = useNetwork()
  const nodes = draft === null ? saved : nodesOf(draft)
  const isGiven = status?.bootstrap.chosen === 'start'
  return (
    <TextField
      label="Nodes to begin with"
      hint={
        isGiven
          ? `Cairn was started with ${status.bootstrap.nodes.join(', ') || 'none'}, which wins over what stands here.`
          : 'Empty: the public network. HOST:PORT of nodes of your own, as cairn dht prints it, makes a network apart: you and your friends all need the same.'
      }
      error={nodes === null ? 'Write HOST:PORT, such as 192.168.1.20:49737, with a comma between several.' : null}
      value={draft ?? saved.join(', ')}
      placeholder="The public ones"
      spellCheck={false}
      autoComplete="off"
      onValue={setDraft}
      onBlur={() => {
        if (nodes === null || draft === null) return
        if (nodes.join() !== saved.join()) attempt(() => backend.settings.update({ bootstrap: nodes }))
        setDraft(null)
      }}
    />
  )
}
