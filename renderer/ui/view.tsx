/** The head of a view in the main column. */
import { createContext, type ReactElement, type ReactNode, use } from 'react'

/** On narrow windows: the button that shows the library. Provided by the app, shown at the start of every head. */
export const MenuButton = createContext<ReactNode>(null)

type ViewHeaderProps = { readonly title: ReactNode; readonly under?: ReactNode; readonly actions?: ReactNode }

export function ViewHeader({ title, under, actions }: ViewHeaderProps): ReactElement {
  const menu = use(MenuButton)
  return (
    <header className="flex min-h-14 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 px-3 pt-3 pb-2 narrow:px-5">
      {menu}
      <div className="min-w-0 flex-1 basis-40 max-narrow:basis-32">
        <h1 className="min-w-0 text-lg font-semibold">{title}</h1>
        {under && <div className="min-w-0 text-sm text-muted">{under}</div>}
      </div>
      {actions && <div className="flex items-center gap-1.5">{actions}</div>}
    </header>
  )
}
