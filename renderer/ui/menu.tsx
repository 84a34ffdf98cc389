/** Menus: from a button, or where the right button was pressed. One description of the items serves both. */
import { ContextMenu as BaseContext } from '@base-ui/react/context-menu'
import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { cx } from './class-names.ts'
import { Keys } from './keys.tsx'

export type MenuItem =
  | {
      readonly label: string
      readonly run: () => void
      readonly icon?: ReactNode
      readonly keys?: string
      /** A second line that says what it does. */
      readonly hint?: string
      readonly disabled?: boolean
      readonly dangerous?: boolean
      /** Shown with a tick: one of several. */
      readonly checked?: boolean
    }
  | 'separator'
  | { readonly heading: string }

const popup = 'fade max-h-(--available-height) min-w-48 max-w-80 overflow-y-auto rounded-lg bg-raised p-1 shadow-raised'

function Items({ items }: { readonly items: readonly MenuItem[] }): ReactElement {
  return (
    <>
      {items.map((item, index) => {
        // biome-ignore lint/suspicious/noArrayIndexKey: a separator has no name, and items do not move
        if (item === 'separator') return <Base.Separator key={index} className="mx-2 my-1 h-px bg-line" />
        if ('heading' in item) {
          return (
            <div key={item.heading} role="presentation" className="px-2 pt-1.5 pb-1 text-xs font-medium text-muted">
              {item.heading}
            </div>
          )
        }
        return (
          <Base.Item
            key={`${item.label} ${item.hint ?? ''}`}
            disabled={item.disabled}
            onClick={item.run}
            {...(item.checked === undefined ? {} : { role: 'menuitemradio', 'aria-checked': item.checked })}
            className={cx(
              'flex min-h-7 items-center gap-2.5 rounded-md px-2 py-1 select-none data-disabled:opacity-50 data-highlighted:bg-hover',
              item.dangerous && 'text-bad data-highlighted:bg-bad-soft',
            )}
          >
            <span
              aria-hidden
              className={cx('grid size-4 shrink-0 place-items-center', !item.dangerous && 'text-muted')}
            >
              {item.checked === true ? '✓' : item.icon}
            </span>
            <span className="min-w-0 flex-1">
              <span className="block">{item.label}</span>
              {item.hint && <span className="block text-sm text-muted">{item.hint}</span>}
            </span>
            {item.keys && <Keys keys={item.keys} />}
          </Base.Item>
        )
      })}
    </>
  )
}

type MenuProps = {
  /** The button that opens it. */
  readonly trigger: ReactElement<Record<string, unknown>>
  readonly items: readonly MenuItem[]
  readonly align?: 'start' | 'end'
}

export function Menu({ trigger, items, align = 'end' }: MenuProps): ReactElement {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal render={<section aria-label="Menu" />}>
        <Base.Positioner align={align} sideOffset={4} className="z-40">
          <Base.Popup className={popup}>
            <Items items={items} />
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

type ContextMenuProps = {
  readonly items: readonly MenuItem[]
  /** The area that it belongs to. */
  readonly children: ReactElement<Record<string, unknown>>
}

export function ContextMenu({ items, children }: ContextMenuProps): ReactElement {
  return (
    <BaseContext.Root>
      <BaseContext.Trigger render={children} />
      <BaseContext.Portal render={<section aria-label="Menu" />}>
        <BaseContext.Positioner className="z-40">
          <BaseContext.Popup className={popup}>
            <Items items={items} />
          </BaseContext.Popup>
        </BaseContext.Positioner>
      </BaseContext.Portal>
    </BaseContext.Root>
  )
}
