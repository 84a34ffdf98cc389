/** A box that scrolls and that the keyboard reaches. Around it arrow keys may mean something else; in it they scroll. */
import type { KeyboardEvent, ReactElement, ReactNode, Ref, UIEventHandler } from 'react'
import { cx } from '../../ui/class-names.ts'

type ScrollerProps = {
  readonly label: string
  readonly className?: string
  readonly ref?: Ref<HTMLDivElement>
  readonly onScroll?: UIEventHandler<HTMLDivElement>
  readonly children: ReactNode
}

export function Scroller({ label, className, ref, onScroll, children }: ScrollerProps): ReactElement {
  return (
    <div
      ref={ref}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reached by the keyboard
      tabIndex={0}
      role="group"
      aria-label={label}
      onScroll={onScroll}
      onKeyDown={keepArrows}
      className={cx('min-h-0 flex-1 overflow-auto outline-offset-[-2px]', className)}
    >
      {children}
    </div>
  )
}

function keepArrows(event: KeyboardEvent<HTMLElement>): void {
  const { scrollHeight, clientHeight, scrollWidth, clientWidth } = event.currentTarget
  const vertical = event.key === 'ArrowUp' || event.key === 'ArrowDown'
  const horizontal = event.key === 'ArrowLeft' || event.key === 'ArrowRight'
  if ((vertical && scrollHeight > clientHeight) || (horizontal && scrollWidth > clientWidth)) event.stopPropagation()
}
