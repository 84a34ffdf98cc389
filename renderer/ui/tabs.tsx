/** Tabs with a line under the one that is open. The caller shows the panel; give it `role="tabpanel"` through TabPanel. */
import { Tabs as Base } from '@base-ui/react/tabs'
import type { ReactElement, ReactNode } from 'react'

type TabsProps<T extends string> = {
  readonly label: string
  readonly value: T
  readonly onValue: (value: T) => void
  readonly tabs: readonly { readonly value: T; readonly label: string; readonly badge?: ReactNode }[]
  readonly children: ReactNode
}

export function Tabs<T extends string>({ label, value, onValue, tabs, children }: TabsProps<T>): ReactElement {
  return (
    <Base.Root
      value={value}
      onValueChange={next => onValue(next as T)}
      className="flex min-h-0 min-w-0 flex-1 flex-col"
    >
      <Base.List
        aria-label={label}
        className="relative flex shrink-0 gap-1 overflow-x-auto border-b border-line px-3 narrow:px-4"
      >
        {tabs.map(tab => (
          <Base.Tab
            key={tab.value}
            value={tab.value}
            className="mb-1 flex h-7 items-center gap-1.5 rounded-md px-2 text-muted select-none hover:bg-hover hover:text-ink data-active:font-medium data-active:text-ink focus-visible:-outline-offset-2"
          >
            {tab.label}
            {tab.badge}
          </Base.Tab>
        ))}
        <Base.Indicator className="absolute bottom-0 left-0 h-0.5 w-(--active-tab-width) translate-x-(--active-tab-left) rounded-full bg-accent transition-[translate,width] duration-150" />
      </Base.List>
      {children}
    </Base.Root>
  )
}

export function TabPanel({ value, children }: { readonly value: string; readonly children: ReactNode }): ReactElement {
  return (
    <Base.Panel value={value} className="flex min-h-0 min-w-0 flex-1 flex-col" tabIndex={-1}>
      {children}
    </Base.Panel>
  )
}
