/** The page as axe sees it, in every view and every state of an archive, over a scripted backend and the real web shell. */
import { describe, expect, test } from 'vitest'
import { keyOf, numbers } from './fixtures.ts'
import { axe, browserPages, go } from './page.ts'

const open = browserPages()
const at = (number: number, rest = 'files/') => `#/archive/${keyOf(number)}/${rest}`
const link = `hyper://${keyOf(77)}`

describe('axe finds nothing', () => {
  const views: readonly (readonly [string, string])[] = [
    ['the library', '#/'],
    ['files of your own', at(numbers.holiday)],
    ['files of a friend', at(numbers.mixes)],
    ['100,000 files', at(numbers.huge)],
    ['an earlier version', at(numbers.mixes, 'files/?version=42')],
    ['changes', at(numbers.mixes, 'changes/')],
    ['peers', at(numbers.holiday, 'peers/')],
    ['peers of a friend’s', at(numbers.mixes, 'peers/')],
    ['about your own', at(numbers.holiday, 'about/')],
    ['about a friend’s', at(numbers.mixes, 'about/')],
    ['transfers', '#/transfers'],
    ['network', '#/network'],
    ['a link from the system', `#/ask?link=${encodeURIComponent(link)}`],
    ['an archive that is not there', at(99)],
  ]
  const states = Object.entries(numbers).map(([name, number]) => [`the state “${name}”`, at(number)] as const)
  // Between 640 pixels and 420 the states do not differ.
  const windows = [
    ['light', { width: 1280, height: 800 }, 'all', [...views, ...states]],
    ['dark', { width: 1280, height: 800, dark: true }, 'colours', [...views, ...states]],
    ['colours of the system', { width: 1280, height: 800, forced: true }, 'colours', views],
    ['small, zoomed to 200%', { width: 1280, height: 800, zoom: 2 }, 'others', views],
    ['narrow', { width: 420, height: 800 }, 'others', [...views, ...states]],
  ] as const

  test.each(windows)(
    'in any view: %s',
    async (_, size, by, shown) => {
      const { page, complaints } = await open(size)
      const found: string[] = []
      for (const [name, hash] of shown) {
        await go(page, hash)
        await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
        await page.waitForFunction(() => document.querySelector('main [data-skeleton]') === null)
        for (const line of await axe(page, { by, withoutLibrary: hash !== '#/' })) found.push(`${name}: ${line}`)
        if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth))
          found.push(`${name}: wider than its window`)
      }
      expect(found).toEqual([])
      expect(complaints).toEqual([])
    },
    240_000,
  )

  test('in what floats above them', async () => {
    const { page } = await open({ at: at(numbers.mixes) })
    await page.getByRole('row', { name: /README/ }).click()
    const found: string[] = []
    const look = async (name: string) => {
      for (const line of await axe(page, { withoutLibrary: true })) found.push(`${name}: ${line}`)
    }
    const shown: readonly (readonly [string, () => Promise<void>, string])[] = [
      ['palette', () => page.keyboard.press('Control+k'), 'dialog'],
      ['settings', () => page.keyboard.press('Control+,'), 'dialog'],
      ['shortcuts', () => page.keyboard.press('?'), 'dialog'],
      ['share menu', () => page.getByRole('button', { name: 'Share', exact: true }).click(), 'menu'],
      ['more menu', () => page.getByRole('button', { name: 'More' }).click(), 'menu'],
      [
        'free room',
        async () => {
          await page.getByRole('button', { name: 'More' }).click()
          await page.getByRole('menuitem', { name: /^Free room/ }).click()
          await page.getByText('212 files can go: 1.4 GB.').waitFor()
        },
        'dialog',
      ],
      ['large preview', () => page.getByRole('button', { name: 'Look at it large' }).click(), 'dialog'],
    ]
    for (const [name, show, role] of shown) {
      await show()
      const floating = page.getByRole(role as 'dialog')
      await floating.waitFor()
      await look(name)
      await page.keyboard.press('Escape')
      await floating.waitFor({ state: 'detached' })
    }
    await page.getByRole('row', { name: /README/ }).click({ button: 'right' })
    await page.getByRole('menu').waitFor()
    await look('context menu')
    expect(found).toEqual([])
  })

  test('where nobody has done anything yet, and before the first connection', async () => {
    const { page } = await open({ empty: true })
    await page.getByText('Share a folder with the people you know').waitFor()
    expect(await axe(page)).toEqual([])
    await page.getByRole('textbox', { name: 'Open a link' }).fill(link)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Before you connect' }).waitFor()
    expect(await axe(page)).toEqual([])
  })
})
