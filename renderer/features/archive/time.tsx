/** The line of time: every version of an archive, from the first to now, with the one that is looked at. */
import { History, MoreHorizontal, Pin, Tag } from 'lucide-react'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { ArchiveRow, Moment, NamedVersion } from '../../../preload/contract/models.ts'
import { type Place, pinOf } from '../../stores/location.ts'
import { useNames } from '../../stores/names.ts'
import { prefer, usePreference } from '../../stores/preferences.ts'
import { ui } from '../../stores/ui.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { moment as inWords, number } from '../../ui/format.ts'
import { useTall } from '../../ui/media.ts'
import { Menu, type MenuItem } from '../../ui/menu.tsx'
import { plainName } from '../../ui/names.ts'
import { Slider } from '../../ui/slider.tsx'
import { useMoments } from './moments.ts'

type ArchivePlace = Extract<Place, { view: 'archive' }>
type TimeProps = { readonly row: ArchiveRow; readonly place: ArchivePlace }

/** Somebody who drags on is let drag: so long they have to stand still before anything is read. Milliseconds. */
const SETTLES = 200
/** A step of Page Up and Page Down, of all there is. */
const LEAP = 10

const isShown = (wanted: boolean | null, tall: boolean, version: number | null) => version !== null || (wanted ?? tall)

/** Shows the line, or takes it away; from an earlier version that leads back to now. */
export function TimeButton({ place }: { readonly place: ArchivePlace }): ReactElement {
  const wanted = usePreference('time')
  const shown = isShown(wanted, useTall(), place.version)
  return (
    <IconButton
      label="Earlier versions"
      pressed={shown}
      onClick={() => {
        prefer({ time: !shown })
        if (place.version !== null) ui.go({ ...place, version: null })
      }}
    >
      <History size={16} aria-hidden />
    </IconButton>
  )
}

export function TimeLine(props: TimeProps & { readonly menu: readonly MenuItem[] }): ReactElement | null {
  const wanted = usePreference('time')
  return isShown(wanted, useTall(), props.place.version) ? <Line {...props} /> : null
}

function Line({ row, place, menu }: TimeProps & { readonly menu: readonly MenuItem[] }): ReactElement {
  const moments = useMoments(row)
  const { few } = moments
  const newest = few?.at(-1)?.version ?? row.length
  const version = place.version ?? newest
  /** Where the person is dragging to, as a version that may lie inside of a changeset. */
  const [wanted, setWanted] = useState<number | null>(null)
  const shown = wanted ?? version
  const latest = useRef({ place, newest })
  latest.current = { place, newest }

  const go = (to: Moment) => {
    const { place, newest } = latest.current
    const next = { ...place, version: to.version >= newest ? null : to.version }
    // One step back leads to now, and not through everything that was passed.
    if (place.version === null) ui.go(next)
    else ui.replace(next)
  }
  useEffect(() => {
    if (wanted === null) return
    const stop = new AbortController()
    const timer = setTimeout(() => {
      const settle = (to: Moment | null) => {
        if (stop.signal.aborted) return
        if (to !== null) go(to)
        setWanted(null)
      }
      moments
        .at(wanted, stop.signal)
        .then(settle, () => settle({ version: wanted, from: 0, time: null, message: '', naming: false }))
    }, SETTLES)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [wanted, moments])

  // What stands here is told as soon as it is known.
  useEffect(() => {
    if (place.version === null || moments.known(place.version) !== null) return
    const stop = new AbortController()
    moments.at(place.version, stop.signal).catch(() => {
      // Its number is said all the same.
    })
    return () => stop.abort()
  }, [place.version, moments])

  const names = useNames(row)
  const index = few === null ? -1 : few.findLastIndex(one => one.version <= shown)
  const only = few !== null && few.length < 2
  const stop = few === null ? shown : (few[Math.max(0, index)]?.version ?? shown)
  const known = moments.known(stop)
  const name = names.find(one => one.version === stop)?.name ?? null
  const atNow = place.version === null && wanted === null
  const isPinned = pinOf(place) !== null && wanted === null
  // What names a version changes no file and has no place on the line, but makes a version all the same.
  const words = wordsOf(atNow ? row.length : shown, row.length, known, atNow, name)
  const { name: called, time: when, which } = words
  const text = [[called, when].filter(Boolean).join(': '), which].filter(Boolean).join(' – ')
  const oldest = few?.[0]?.version ?? 2

  const step = (by: 1 | -1) => {
    if (few !== null) return setWanted(few[Math.max(0, Math.min(few.length - 1, index + by))]?.version ?? shown)
    if (by === 1) return void moments.after(shown).then(after => after !== null && setWanted(after.version), nothing)
    void moments.at(shown).then(at => at !== null && at.from > 1 && setWanted(at.from), nothing)
  }
  const leap = (by: 1 | -1) => {
    if (few !== null) {
      const to = index + by * Math.max(1, Math.round(few.length / LEAP))
      return setWanted(few[Math.max(0, Math.min(few.length - 1, to))]?.version ?? shown)
    }
    setWanted(Math.max(oldest, Math.min(newest, shown + by * Math.max(1, Math.round(newest / LEAP)))))
  }
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => step(-1),
    ArrowDown: () => step(-1),
    ArrowRight: () => step(1),
    ArrowUp: () => step(1),
    PageDown: () => leap(-1),
    PageUp: () => leap(1),
    Home: () => setWanted(oldest),
    End: () => setWanted(newest),
  }
  return (
    <section
      aria-label="Time"
      className={cx(
        'flex shrink-0 items-center gap-x-3 border-b border-line px-3 py-1 max-wide:flex-wrap narrow:px-5',
        atNow ? 'bg-surface' : 'bg-accent-soft',
      )}
    >
      <Slider
        label="Version"
        text={text}
        value={few === null ? Math.max(oldest, shown) : Math.max(0, index)}
        least={few === null ? oldest : 0}
        most={few === null ? newest : few.length - 1}
        disabled={only || newest < 3}
        className="min-w-32 flex-1 max-wide:basis-full"
        onMove={value => setWanted(few === null ? value : (few[value]?.version ?? shown))}
        onKey={key => {
          keys[key]?.()
          return key in keys
        }}
      />
      <Menu
        trigger={
          <IconButton label="Named versions">
            <Tag size={16} aria-hidden />
          </IconButton>
        }
        items={namesMenu(row, names, place.version ?? newest, one => ui.go({ ...place, version: one }))}
      />
      {/* Two lines in one column, one elsewhere: the number is always seen, and a long name is what is cut. */}
      <span
        aria-hidden
        title={text}
        className={cx(
          'tabular flex max-narrow:min-h-10 max-narrow:flex-col max-narrow:justify-center wide:w-76 max-wide:min-w-0 max-wide:flex-1',
          atNow ? 'text-muted' : 'font-medium text-accent-text',
        )}
      >
        {only ? (
          <>
            <span>The only version so far</span>
            <span className="whitespace-pre text-sm"> (number {number(newest)})</span>
          </>
        ) : (
          <>
            {called + when !== '' && (
              <>
                <span className="truncate">
                  {called !== '' && <bdi>{called}</bdi>}
                  {called !== '' && when !== '' && ': '}
                  {when}
                </span>
                <span className="shrink-0 whitespace-pre max-narrow:hidden"> – </span>
              </>
            )}
            <span className="shrink-0">{which}</span>
          </>
        )}
      </span>
      <span role="status" className="sr-only">
        {place.version === null ? '' : `You are looking at version ${number(place.version)} of ${number(row.length)}.`}
        {isPinned && ' It was proven to be the one that the link was made for.'}
      </span>
      {isPinned && (
        <Badge tone="good" icon={<Pin size={12} aria-hidden />}>
          <span className="max-narrow:sr-only">as pinned</span>
        </Badge>
      )}
      {/* Beside the line its room is kept, so that nothing moves under the pointer. */}
      <span className={cx('flex items-center gap-1', place.version === null && 'invisible max-wide:hidden')}>
        <Button size="small" onClick={() => ui.go({ ...place, version: null })}>
          Back to now
        </Button>
        <Menu
          trigger={
            <IconButton label="This version">
              <MoreHorizontal size={16} aria-hidden />
            </IconButton>
          }
          items={menu}
        />
      </span>
    </section>
  )
}

/** So many stand in the menu. */
const LISTED = 100

function namesMenu(
  { id: key }: ArchiveRow,
  names: readonly NamedVersion[],
  version: number,
  go: (version: number) => void,
): readonly MenuItem[] {
  const isNamed = names.some(one => one.version === version)
  return [
    { heading: names.length === 0 ? 'No version has a name yet' : 'Named versions' },
    ...names.slice(0, LISTED).map(one => ({
      label: plainName(one.name),
      hint: `Version ${number(one.version)}${one.own ? ', named by you alone' : ''}`,
      checked: one.version === version,
      run: () => go(one.version),
    })),
    'separator',
    {
      label: isNamed ? 'Give it another name…' : 'Name this version…',
      icon: <Tag size={14} />,
      run: () => ui.showNaming({ key, version }),
    },
  ]
}

const nothing = () => {
  // It stays where it is.
}

/** `which`: the version; the others may be empty. */
function wordsOf(
  version: number,
  newest: number,
  known: Moment | null,
  atNow: boolean,
  name: string | null,
): { readonly name: string; readonly time: string; readonly which: string } {
  const called = name === null ? '' : plainName(name)
  const time = atNow ? 'Now' : known?.time == null ? '' : inWords(known.time)
  return {
    name: called,
    time,
    which: `${called + time === '' ? 'Version' : 'version'} ${number(version)} of ${number(newest)}`,
  }
}
