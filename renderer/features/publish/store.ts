/**
 * Publishing from the choice to the link: counting, the sheet, the yes, and, for what was dropped on a page that knows
 * no paths, the stream of files that goes on afterwards. Nothing is imported before the yes.
 */
import { createStore, useStore } from 'zustand'
import { AppError } from '../../../preload/contract/errors.ts'
import type { PublishReview, ReviewProgress } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { shell, shellKind } from '../../shell.ts'
import { settings, transfers } from '../../stores/mirrors.ts'
import { toast } from '../../stores/toasts.ts'
import { ui } from '../../stores/ui.ts'
import { count } from '../../ui/format.ts'
import { said } from '../../ui/message-field.tsx'
import { plainName } from '../../ui/names.ts'
import { asideOf, type Choices, type Destination, excludedPaths, outgoingFiles } from './choices.ts'
import { type Decisions, undecided } from './decisions.ts'
import { type Dropped, pickedFiles, soleFolder, titleOf, walk } from './dropped.ts'
import { type LeftOut, sendOverHttp, upload } from './upload.ts'

export type Source =
  | { readonly how: 'paths'; readonly paths: readonly string[] }
  | {
      readonly how: 'dropped'
      readonly dropped: Dropped
      /** What the ignore rules leave out, all of it. */
      readonly ignoredPaths: readonly string[]
    }

export type OpenSheet = {
  /** The same for as long as one sheet is open, however often it counts. */
  readonly session: number
  readonly review: PublishReview
  readonly source: Source
  readonly decisions: Decisions
  /** What is shown is of other decisions. */
  readonly counting: boolean
}

export type Step =
  | { readonly name: 'idle' }
  /** Only in a browser: by path, or by picking files. */
  | { readonly name: 'choosing' }
  | { readonly name: 'counting'; readonly title: string; readonly files: number; readonly bytes: number }
  | { readonly name: 'sheet'; readonly sheet: OpenSheet }
  | { readonly name: 'starting'; readonly sheet: OpenSheet }
  | {
      readonly name: 'published'
      readonly key: string
      readonly link: string
      readonly title: string
      readonly private: boolean
      /** The files are streamed in by this page, which must stay open until they are there. */
      readonly streaming: boolean
      /** It was published before: nothing was done now. */
      readonly before: boolean
    }

export type Publishing = {
  readonly step: Step
  /** An archive of the person's own that receives the files; null: a new archive. */
  readonly into: Destination | null
  /** The archive of the person's own whose rules are being looked at. */
  readonly rulesOf: string | null
  /** Names of what this page is still sending. */
  readonly sending: readonly string[]
  /** What could not be sent, until the person has read it. */
  readonly leftOut: { readonly title: string; readonly files: readonly LeftOut[] } | null
}

export const publishStore = createStore<Publishing>(() => ({
  step: { name: 'idle' },
  into: null,
  rulesOf: null,
  sending: [],
  leftOut: null,
}))
export const usePublishing = <T>(select: (state: Publishing) => T): T => useStore(publishStore, select)

const set = (change: Partial<Publishing>) => publishStore.setState(change)

/** The most that one review takes; beyond it a folder is better published by its path. */
const MOST_DROPPED = 200_000

/** Characters of a `.cairnignore`; a longer one is none. */
const LONGEST_RULES = 100_000

let counting = new AbortController()

export const publishing = {
  /** Asks what to publish. */
  choose(): void {
    if (!free()) return
    set({ into: null })
    if (shellKind === 'electron') void chooseSources()
    else set({ step: { name: 'choosing' } })
  },
  /** Looks at these paths of this machine, to publish them or to add them to an archive, and shows the sheet. */
  openPaths(paths: readonly string[], into: Destination | null = null): void {
    if (!free() || paths.length === 0) return
    set({ into })
    void reviewPaths(paths)
  },
  /** Asks what to add to a folder of an archive of the person's own that follows no folder. */
  addTo(key: string, folder: string): void {
    if (!free()) return
    set({ into: { key, folder } })
    if (shellKind === 'electron') void chooseSources()
    else set({ step: { name: 'choosing' } })
  },
  /** What is published of an archive of the person's own that follows a folder; null: no more. */
  showRules(key: string | null): void {
    set({ rulesOf: key })
  },
}

/** The steps that only the surface takes. */
export const surface = {
  async chooseByPath(): Promise<void> {
    set({ step: { name: 'idle' } })
    const folder = await ui.chooseFolder('Choose a folder to publish')
    if (folder !== null) await reviewPaths([folder])
  },
  openPicked(list: Iterable<File>): void {
    const files = pickedFiles(list)
    if (files.length > 0)
      void reviewDropped(async () => ({ files, unreadable: [] }), titleOf(files.map(file => file.path)))
  },
  openDropped(roots: readonly FileSystemEntry[], into: Destination | null): void {
    if (roots.length === 0 || !free()) return
    set({ into })
    const title = titleOf(roots.map(root => (root.isDirectory ? `${root.name}/` : root.name)))
    void reviewDropped(
      signal =>
        walk(roots, {
          signal,
          onProgress: progress => {
            if (!signal.aborted) set({ step: { name: 'counting', title, ...progress } })
          },
        }),
      title,
    )
  },
  publish(choices: Choices): void {
    const { step, into } = publishStore.getState()
    if (step.name === 'sheet') void start(step.sheet, choices, into)
  },
  /** Counts again under these decisions; the sheet stays open. */
  recount(decisions: Decisions): void {
    const { step } = publishStore.getState()
    if (step.name === 'sheet') void recount(step.sheet, decisions)
  },
  cancel(): void {
    counting.abort(new AppError('CANCELLED', 'Cancelled'))
    set({ step: { name: 'idle' }, into: null })
  },
  forgetLeftOut(): void {
    set({ leftOut: null })
  },
}

/** A sheet that waits for an answer is not thrown away by the next drop. */
function free(): boolean {
  const { step } = publishStore.getState()
  const waiting = step.name === 'sheet' || step.name === 'starting'
  if (waiting) toast.note({ title: 'Publish or cancel what is on the sheet first' })
  return !waiting
}

async function chooseSources(): Promise<void> {
  try {
    const { paths } = await shell.chooseSources({ title: 'Choose what to publish' })
    if (paths.length > 0) await reviewPaths(paths)
  } catch (error) {
    toast.error(error)
  }
}

const reviewPaths = (paths: readonly string[]) =>
  review(titleOf(paths.map(path => path.split(/[\\/]/).findLast(Boolean) ?? path)), async (title, signal) =>
    lookAtPaths(paths, undecided, signal, progress => {
      if (!signal.aborted) set({ step: { name: 'counting', title, ...progress } })
    }),
  )

const lookAtPaths = async (
  paths: readonly string[],
  decisions: Decisions,
  signal: AbortSignal,
  onProgress: (progress: ReviewProgress) => void,
): Promise<Reviewed> => ({
  review: await backend.publish.review(
    { paths, ...decisions, into: publishStore.getState().into },
    { signal, onProgress },
  ),
  source: { how: 'paths', paths },
})

const reviewDropped = (collect: (signal: AbortSignal) => Promise<Dropped>, title: string) =>
  review(title, async (_, signal) => {
    const dropped = await collect(signal)
    if (dropped.files.length === 0)
      throw new AppError('NOTHING_TO_PUBLISH', 'There is no file in it', { paths: [title] })
    if (dropped.files.length > MOST_DROPPED) throw tooMany(dropped.files.length)
    return lookAtDropped(dropped, title, undecided, signal)
  })

async function lookAtDropped(
  dropped: Dropped,
  title: string,
  { rules, exclude }: Decisions,
  signal: AbortSignal,
): Promise<Reviewed> {
  const items = dropped.files.map(({ path, file }) => ({ path, size: file.size, modified: file.lastModified }))
  const { into } = publishStore.getState()
  const { ignoredPaths, ...review } = await backend.publish.reviewDropped(
    { title, items, rules: await rulesIn(dropped.files), ownRules: rules, exclude, into },
    { signal },
  )
  return { review, source: { how: 'dropped', dropped, ignoredPaths } }
}

/** What was decided before stands again where it cannot be counted. */
async function recount(before: OpenSheet, decisions: Decisions): Promise<void> {
  counting.abort(new AppError('CANCELLED', 'Cancelled'))
  counting = new AbortController()
  const { signal } = counting
  set({ step: { name: 'sheet', sheet: { ...before, decisions, counting: true } } })
  try {
    const { source } = before
    const reviewed =
      source.how === 'paths'
        ? await lookAtPaths(source.paths, decisions, signal, () => {})
        : await lookAtDropped(source.dropped, before.review.title, decisions, signal)
    if (!signal.aborted)
      set({ step: { name: 'sheet', sheet: { session: before.session, decisions, counting: false, ...reviewed } } })
  } catch (error) {
    if (signal.aborted) return
    set({ step: { name: 'sheet', sheet: { ...before, counting: false } } })
    toast.error(error)
  }
}

/** The `.cairnignore` of the one folder that was dropped holds here as it does for a folder that is published by path. */
async function rulesIn(files: Dropped['files']): Promise<string | null> {
  const root = soleFolder(files.map(({ path }) => path))
  const rules = root === null ? undefined : files.find(({ path }) => path === `${root}/.cairnignore`)
  return rules === undefined || rules.file.size > LONGEST_RULES ? null : rules.file.text().catch(() => null)
}

const tooMany = (files: number) =>
  new AppError('INVALID_INPUT', 'Too many files for one drop', {
    issues: [
      {
        path: 'items',
        message: `${count(files, 'file')} are more than a browser can hand over at once. Publish the folder by its path instead: choose Publish, then “A folder of this computer”`,
      },
    ],
  })

type Reviewed = { readonly review: PublishReview; readonly source: Source }

async function review(title: string, look: (title: string, signal: AbortSignal) => Promise<Reviewed>): Promise<void> {
  counting.abort(new AppError('CANCELLED', 'Cancelled'))
  counting = new AbortController()
  const { signal } = counting
  set({ step: { name: 'counting', title, files: 0, bytes: 0 } })
  try {
    const reviewed = await look(title, signal)
    if (!signal.aborted) set({ step: afterReview(reviewed, publishStore.getState().into !== null) })
  } catch (error) {
    if (signal.aborted) return
    set({ step: { name: 'idle' }, into: null })
    toast.error(error)
  }
}

let sessions = 0

/** The same folder twice is the same archive: there is nothing to ask. */
function afterReview({ review, source }: Reviewed, adding: boolean): Step {
  const { already, title } = review
  if (already === null || adding)
    return { name: 'sheet', sheet: { session: ++sessions, review, source, decisions: undecided, counting: false } }
  return { name: 'published', ...already, title, private: already.link.includes('#'), streaming: false, before: true }
}

async function start(sheet: OpenSheet, choices: Choices, into: Destination | null): Promise<void> {
  const { review, source } = sheet
  set({ step: { name: 'starting', sheet } })
  try {
    if (settings.getState().byId.get('settings')?.consented !== true) await backend.settings.update({ consented: true })
    const streaming = source.how === 'dropped'
    const started = streaming
      ? await startUpload(review, source, choices, into)
      : await startImport(review, choices, into)
    const { key, link } = started
    if (into !== null) {
      set({ step: { name: 'idle' }, into: null })
      toast.note({
        title: `Adding to ${plainName(choices.title)}`,
        text: streaming ? 'Keep this page open until it is done.' : undefined,
      })
      return
    }
    set({
      step: { name: 'published', key, link, title: choices.title, private: choices.private, streaming, before: false },
    })
  } catch (error) {
    // Back to the sheet, with everything that was decided on it: an expired review says so in its words.
    set({ step: { name: 'sheet', sheet } })
    toast.error(error)
  }
}

const startImport = (review: PublishReview, choices: Choices, into: Destination | null) =>
  backend.publish.start({
    review: review.id,
    title: choices.title,
    private: choices.private,
    exclude: [...choices.exclude],
    includeSuspicious: choices.includeSuspicious,
    into,
    ...(into === null ? {} : { onClash: choices.onClash }),
    ...said(choices.message),
  })

async function startUpload(
  review: PublishReview,
  { dropped, ignoredPaths }: Extract<Source, { readonly how: 'dropped' }>,
  choices: Choices,
  into: Destination | null,
): Promise<{ readonly key: string; readonly link: string }> {
  const root = soleFolder(dropped.files.map(file => file.path))
  const leftOut = [...ignoredPaths, ...excludedPaths(review, choices), ...review.skipped.map(file => file.path)]
  const files = outgoingFiles(dropped.files, leftOut, root, into, asideOf(review, choices, into))
  const started = await backend.publish.startUpload({
    title: choices.title,
    private: choices.private,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    into,
    ...said(choices.message),
  })
  void send(started.upload, started.transfer, choices.title, files)
  return started
}

async function send(
  uploadId: string,
  transfer: string,
  title: string,
  files: Parameters<typeof upload>[0],
): Promise<void> {
  const stop = new AbortController()
  const forget = stopWhenCancelled(transfer, stop)
  set({ sending: [...publishStore.getState().sending, uploadId] })
  try {
    const leftOut = await upload(files, { send: sendOverHttp(uploadId), signal: stop.signal })
    await backend.publish.finishUpload({ upload: uploadId })
    if (leftOut.length > 0) {
      toast.problem({
        title: `${count(leftOut.length, 'file')} of ${plainName(title)} could not be sent`,
        text: 'The rest is published.',
        action: { label: 'Show them', run: () => set({ leftOut: { title, files: leftOut } }) },
      })
    }
  } catch (error) {
    if (!stop.signal.aborted) toast.error(error)
  } finally {
    forget()
    set({ sending: publishStore.getState().sending.filter(id => id !== uploadId) })
  }
}

/** The transfer's row is where an upload is cancelled, also from another window. Returns what ends the watch. */
function stopWhenCancelled(transfer: string, stop: AbortController): () => void {
  return transfers.subscribe(({ byId }) => {
    const state = byId.get(transfer)?.state.name
    if (state === 'cancelled' || state === 'failed') stop.abort(new AppError('CANCELLED', 'Cancelled'))
  })
}
