/**
 * A name that came from somebody else: cut in the middle so that its end (and true extension) always shows, or as a sentence at its end, isolated so
 * that its direction touches nothing beside it, with invisible characters written out as codes.
 */
import { type ReactElement, useMemo } from 'react'
import { cx } from './class-names.ts'
import { type NamePart, partsOf, plainName, splitName } from './names.ts'

function Parts({ parts }: { readonly parts: readonly NamePart[] }): ReactElement {
  return (
    <>
      {parts.map((part, index) =>
        'text' in part ? (
          part.text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of one name never move
          <span key={index} className="mx-px rounded-xs bg-warn-soft px-0.5 font-mono text-[0.85em] text-warn">
            {part.code}
          </span>
        ),
      )}
    </>
  )
}

type FileNameProps = {
  readonly name: string
  readonly className?: string
  /** Where it is cut if it is too long; a sentence is cut at its end. */
  readonly cut?: 'middle' | 'end'
  /** Wraps over several lines instead of being cut: where the whole name must be seen. */
  readonly whole?: boolean
}

export function FileName({ name, className, cut = 'middle', whole = false }: FileNameProps): ReactElement {
  const { plain, head, tail, all } = useMemo(() => {
    const split = cut === 'end' ? { head: name, tail: '' } : splitName(name)
    return { plain: plainName(name), head: partsOf(split.head), tail: partsOf(split.tail), all: partsOf(name) }
  }, [name, cut])
  if (whole) {
    return (
      <bdi dir="auto" className={cx('break-words [overflow-wrap:anywhere] whitespace-pre-wrap', className)}>
        <Parts parts={all} />
      </bdi>
    )
  }
  return (
    <bdi dir="auto" title={plain} className={cx('relative flex max-w-full min-w-0 whitespace-pre', className)}>
      <span className="sr-only">{plain}</span>
      <span aria-hidden className="min-w-0 truncate whitespace-pre">
        <Parts parts={head} />
      </span>
      {tail.length > 0 && (
        <span aria-hidden className="shrink-0">
          <Parts parts={tail} />
        </span>
      )}
    </bdi>
  )
}
