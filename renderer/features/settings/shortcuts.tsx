/** Every key, on one page. */
import type { ReactElement } from 'react'
import { ui, useUi } from '../../stores/ui.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Keys } from '../../ui/keys.tsx'

const groups: readonly { readonly title: string; readonly keys: readonly (readonly [string, string])[] }[] = [
  {
    title: 'Everywhere',
    keys: [
      ['mod+k', 'Find and do'],
      ['mod+v', 'Open the link that was copied'],
      ['mod+o', 'Publish'],
      ['mod+j', 'Transfers'],
      ['mod+,', 'Settings'],
      ['?', 'This list'],
    ],
  },
  {
    title: 'In an archive',
    keys: [
      ['alt+1', 'Files'],
      ['alt+2', 'Changes'],
      ['alt+3', 'Peers'],
      ['alt+4', 'About'],
      ['mod+shift+c', 'Copy link'],
      ['alt+left', 'Back'],
      ['alt+right', 'Forward'],
    ],
  },
  {
    title: 'Before and after',
    keys: [
      ['n', 'Next change'],
      ['p', 'Previous change'],
      [']', 'Next file'],
      ['[', 'Previous file'],
      ['Escape', 'Back to the changes'],
    ],
  },
  {
    title: 'In the files',
    keys: [
      ['up', 'Up, with Shift to choose more'],
      ['down', 'Down, with Shift to choose more'],
      ['enter', 'Open'],
      ['space', 'Look at it large'],
      ['alt+up', 'To the folder above'],
      ['mod+a', 'Choose everything'],
      ['mod+d', 'Download what is chosen'],
      ['mod+i', 'Details'],
      ['F2', 'Rename, in an archive that is edited here'],
      ['alt+m', 'Move what is chosen to a folder'],
      ['alt+n', 'New folder'],
      ['Delete', 'Remove from the archive'],
      ['mod+z', 'Undo the last edit'],
    ],
  },
]

export function ShortcutsDialog(): ReactElement {
  const open = useUi(state => state.dialog === 'shortcuts')
  return (
    <Dialog
      open={open}
      onClose={() => ui.show(null)}
      title="Keyboard"
      size="wide"
      description="In a list of files, letters lead to the first name that begins with them."
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: in a small window it scrolls, and must be reached by the keyboard */}
      <div tabIndex={0} role="group" aria-label="Keys" className="grid gap-x-8 gap-y-5 narrow:grid-cols-3">
        {groups.map(group => (
          <section key={group.title} aria-label={group.title}>
            <h3 className="mb-2 text-sm font-medium text-muted">{group.title}</h3>
            <dl className="flex flex-col gap-1.5">
              {group.keys.map(([keys, text]) => (
                <div key={keys} className="flex items-center justify-between gap-3">
                  <dt>{text}</dt>
                  <dd>
                    <Keys keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  )
}
