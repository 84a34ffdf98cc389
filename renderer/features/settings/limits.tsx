/** How quickly things may pass, at which times other limits hold, how many machines may be connected, and a pause of all of it. */
import { Plus, Trash2 } from 'lucide-react'
import type { ReactElement } from 'react'
import type { Limits as LimitsModel, ScheduledRates, Settings } from '../../../preload/contract/models.ts'
import { backend } from '../../backend.ts'
import { pauseEverything } from '../../stores/commands.ts'
import { useNetwork } from '../../stores/mirrors.ts'
import { attempt } from '../../stores/toasts.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { cx } from '../../ui/class-names.ts'
import { Switch } from '../../ui/field.tsx'
import { rate } from '../../ui/format.ts'
import { RateField } from '../../ui/rate-field.tsx'
import { offeredTimes } from './offered-times.ts'

const control =
  'h-8 rounded-md border border-line-strong/60 bg-surface px-2 text-ink hover:border-line-strong focus-visible:border-accent'

/** From Monday on, as most calendars do; 0 is Sunday. */
const WEEK = [1, 2, 3, 4, 5, 6, 0] as const
// The first of January 2023 was a Sunday.
const dayName = (day: number) =>
  new Intl.DateTimeFormat(undefined, { weekday: 'short' }).format(new Date(2023, 0, 1 + day))

export function Limits({ settings }: { readonly settings: Settings }): ReactElement {
  const { limits } = settings
  const offered = offeredTimes(limits.schedule)
  const now = useNetwork()?.limits
  const save = (change: Partial<LimitsModel>) =>
    attempt(() => backend.settings.update({ limits: { ...limits, ...change } }))
  const change = (index: number, part: Partial<ScheduledRates>) =>
    save({ schedule: limits.schedule.map((times, at) => (at === index ? { ...times, ...part } : times)) })
  return (
    <section aria-label="Limits" className="flex flex-col gap-4 border-t border-line pt-5">
      <Switch
        label="Pause everything"
        hint="Nothing is fetched, and nobody reaches what you share, until you go on. It stays so when Cairn is started again."
        checked={settings.paused}
        onChecked={pauseEverything}
      />
      <div>
        <div className="font-medium">Limits</div>
        <div className="text-sm text-muted">
          For everything together; an archive can have lower ones, at its peers. They hold at once.
        </div>
        <div className="mt-2.5 flex flex-wrap gap-4">
          <RateField label="Receive" value={limits.down} onValue={down => save({ down })} />
          <RateField label="Send" value={limits.up} onValue={up => save({ up })} />
          <Connections value={limits.connections} onValue={connections => save({ connections })} />
        </div>
      </div>
      {limits.schedule.length > 0 && (
        <ul className="flex flex-col gap-3">
          {limits.schedule.map((times, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: they have no other name, and fields belong to places
            <li key={index} className="rounded-lg border border-line bg-sunken p-3">
              <Times
                times={times}
                onChange={part => change(index, part)}
                onRemove={() => save({ schedule: limits.schedule.filter((_, at) => at !== index) })}
              />
            </li>
          ))}
        </ul>
      )}
      {limits.schedule.length > 1 && (
        <p className="text-sm text-muted">Where several cover the same time, the first of them holds.</p>
      )}
      <div className="flex flex-wrap items-center justify-between gap-2">
        {offered === null ? (
          <p className="text-sm text-muted">
            Every hour of the week has limits of its own. To change when, change the hours above.
          </p>
        ) : (
          <Button
            icon={<Plus size={14} aria-hidden />}
            // As usual, until the person says what is other then.
            onClick={() => save({ schedule: [...limits.schedule, { ...offered, down: limits.down, up: limits.up }] })}
          >
            Other limits at some times…
          </Button>
        )}
        {now?.scheduled && (
          <p role="status" className="text-sm text-muted">
            Now: receive {say(now.down)}, send {say(now.up)}.
          </p>
        )}
      </div>
    </section>
  )
}

const say = (limit: number | null) => (limit === null ? 'without limit' : `at most ${rate(limit)}`)

type TimesProps = {
  readonly times: ScheduledRates
  readonly onChange: (part: Partial<ScheduledRates>) => void
  readonly onRemove: () => void
}

function Times({ times, onChange, onRemove }: TimesProps): ReactElement {
  const { days, from, to, down, up } = times
  const toggle = (day: number) => {
    const next = days.includes(day) ? days.filter(other => other !== day) : [...days, day]
    // One day at least: the row goes with its own button.
    if (next.length > 0) onChange({ days: next })
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <fieldset className="flex gap-px">
          <legend className="sr-only">Days</legend>
          {WEEK.map(day => (
            <button
              key={day}
              type="button"
              aria-pressed={days.includes(day)}
              onClick={() => toggle(day)}
              className={cx(
                'h-7 min-w-9 px-1 text-sm first-of-type:rounded-l-md last-of-type:rounded-r-md',
                days.includes(day) ? 'bg-accent text-on-accent' : 'bg-hover text-muted hover:bg-pressed hover:text-ink',
              )}
            >
              {dayName(day)}
            </button>
          ))}
        </fieldset>
        <span className="flex items-center gap-1.5">
          <input
            type="time"
            aria-label="From"
            value={written(from)}
            onChange={event => event.target.value !== '' && onChange({ from: minutes(event.target.value) })}
            className={control}
          />
          <span className="text-muted">to</span>
          <input
            type="time"
            aria-label="To"
            value={written(to)}
            onChange={event => event.target.value !== '' && onChange({ to: minutes(event.target.value) })}
            className={control}
          />
        </span>
        <span className="text-sm text-muted">{to <= from ? 'until the next day' : ''}</span>
        <span className="flex-1" />
        <IconButton label="Remove these times" onClick={onRemove}>
          <Trash2 size={15} />
        </IconButton>
      </div>
      <div className="flex flex-wrap gap-4">
        <RateField label="Receive then" value={down} onValue={next => onChange({ down: next })} />
        <RateField label="Send then" value={up} onValue={next => onChange({ up: next })} />
      </div>
    </div>
  )
}

const written = (minute: number) =>
  `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
const minutes = (text: string): number => {
  const [hour = 0, minute = 0] = text.split(':').map(Number)
  return hour * 60 + minute
}

function Connections({
  value,
  onValue,
}: {
  readonly value: number
  readonly onValue: (value: number) => void
}): ReactElement {
  return (
    <label className="flex flex-col gap-1">
      <span className="text-sm font-medium">Connections</span>
      <input
        key={value}
        type="number"
        min={1}
        max={1000}
        defaultValue={value}
        onBlur={event => {
          const next = Math.round(event.target.valueAsNumber)
          if (next >= 1 && next <= 1000 && next !== value) onValue(next)
          else event.target.value = String(value)
        }}
        onKeyDown={event => event.key === 'Enter' && event.currentTarget.blur()}
        className={cx(control, 'w-24')}
      />
    </label>
  )
}
