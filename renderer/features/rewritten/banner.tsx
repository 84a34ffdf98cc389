/** An archive whose history is not what it was: what has happened, what is still here, and what the person can do. */
import { GitFork, Undo2 } from 'lucide-react'
import { type ReactElement, useState } from 'react'
import { assertNever } from '../../../preload/contract/errors.ts'
import type { ArchiveRow, RewriteAnswer, Rewritten } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { saveText } from '../../stores/commands.ts'
import { attempt } from '../../stores/toasts.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { Mend } from './mend.tsx'

type Forked = Extract<Rewritten, { kind: 'forked' }>
type TakenBack = Extract<Rewritten, { kind: 'taken-back' }>

export function RewrittenBanner({ row }: { readonly row: ArchiveRow }): ReactElement | null {
  const { rewritten } = row
  if (rewritten === null) return null
  switch (rewritten.kind) {
    case 'taken-back':
      return <TakenBackBanner row={row} rewritten={rewritten} />
    case 'forked':
      return <ForkedBanner row={row} rewritten={rewritten} />
    default:
      return assertNever(rewritten)
  }
}

function TakenBackBanner({
  row,
  rewritten,
}: {
  readonly row: ArchiveRow
  readonly rewritten: TakenBack
}): ReactElement {
  const { what, common, here, newest, answer } = rewritten
  const who = row.ownership === 'yours' ? 'Another copy of this archive' : plainName(row.author) || 'Its author'
  const others = newest > common ? ' and wrote other ones' : ''
  const done =
    what === 'content'
      ? `${who} replaced what files hold, without a new version`
      : `${who} took back ${versions(common, here)}${others}`
  return (
    <Banner
      tone={answer === 'asked' ? 'warn' : 'plain'}
      icon={<Undo2 size={16} />}
      title={titleOf(answer, here, done)}
      actions={<Answers row={row} answer={answer} />}
    >
      {answer === 'asked' ? '' : `${done}. `}
      What you have stays, and can be read.{' '}
      {what === 'content'
        ? 'If you follow, what these files held leaves this device for good.'
        : following(row, common, here, newest)}
    </Banner>
  )
}

function ForkedBanner({ row, rewritten }: { readonly row: ArchiveRow; readonly rewritten: Forked }): ReactElement {
  const { common, here, proof, mended, answer } = rewritten
  const [mending, setMending] = useState(false)
  const yours = row.ownership === 'yours'
  const part = common === null || common >= here ? '' : ` They are the same up to version ${number(common)}.`
  const save = proof && (
    <Button size="small" onClick={() => saveProof(row)}>
      Save the proof…
    </Button>
  )
  if (mended !== null) {
    const text = yours
      ? 'On another machine one of its two histories was chosen.'
      : 'Two histories were signed with its key, and its author has chosen one of them.'
    return (
      <Banner
        tone={answer === 'asked' ? 'warn' : 'plain'}
        icon={<GitFork size={16} />}
        title={titleOf(answer, here, 'This archive was mended')}
        actions={
          <>
            {save}
            <Answers row={row} answer={answer} />
          </>
        }
      >
        {text} {following(row, mended.common, here, mended.newest)}
      </Banner>
    )
  }
  return (
    <Banner
      tone="bad"
      icon={<GitFork size={16} />}
      title={yours ? 'This archive was written to on two machines' : 'Two different histories of this archive exist'}
      actions={
        <>
          {save}
          {yours && (
            <Button size="small" kind="primary" onClick={() => setMending(true)}>
              Mend it…
            </Button>
          )}
        </>
      }
    >
      {yours
        ? `Both histories are signed with its key, so it is frozen for everybody.${part} All that is here can be read, and nothing more is added before you have mended it.`
        : `Both are signed with its key: its author used it on two machines, or somebody else has the key.${part} Nothing new is taken, and all that is here can be read. Only its author can mend it: tell them, and send them the proof.`}
      {mending && <Mend row={row} rewritten={rewritten} onClose={() => setMending(false)} />}
    </Banner>
  )
}

function Answers({ row, answer }: { readonly row: ArchiveRow; readonly answer: RewriteAnswer }): ReactElement {
  const say = (follow: boolean) => attempt(() => backend.archives.answerRewrite({ key: row.id, follow }))
  return (
    <>
      {answer !== 'stays' && (
        <Button size="small" onClick={() => say(false)}>
          Stay on what I have
        </Button>
      )}
      {answer !== 'follows' && (
        <Button size="small" kind={answer === 'asked' ? 'primary' : 'plain'} onClick={() => say(true)}>
          Follow
        </Button>
      )}
    </>
  )
}

function titleOf(answer: RewriteAnswer, here: number, asked: string): string {
  switch (answer) {
    case 'asked':
      return asked
    case 'stays':
      return `You stay on version ${number(here)}`
    case 'follows':
      return 'Waiting for somebody who has the other history'
    default:
      return assertNever(answer)
  }
}

const versions = (common: number, here: number): string =>
  here - common === 1 ? `version ${number(here)}` : `versions ${number(common + 1)}–${number(here)}`

/** What it means to follow, with what is lost by it. */
function following(row: ArchiveRow, common: number, here: number, newest: number): string {
  if (common >= here) return `Follow it to get what is new: nothing that you have is lost.`
  const folder = row.keeping.how === 'folder' ? ' Your folder changes as with any update.' : ''
  return `If you follow, this device goes on with version ${number(newest)}, and loses ${versions(common, here)} for good: files that only these held are gone.${folder}`
}

function saveProof(row: ArchiveRow): void {
  attempt(async () => {
    const { name, text } = await backend.archives.warrant({ key: row.id })
    saveText(name, text)
  })
}
