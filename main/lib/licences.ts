/** Whose work comes with this program: what the build has collected (scripts/licences.ts), and what packages bring it in. */
import { access, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Licences, Runtime } from '../../preload/contract/models.ts'
import { builtPage } from './places.ts'

/** Throws where nothing has been built. */
export const readLicences = async (): Promise<Licences> =>
  JSON.parse(await readFile(join(builtPage(), 'licences.json'), 'utf8')) as Licences

/** As electron-builder calls the files; the one of Chromium is a page that names hundreds. */
const RUNTIMES = [
  { name: 'Electron', key: 'electron', licence: 'MIT', file: 'LICENSE.electron.txt' },
  { name: 'Chromium', key: 'chrome', licence: 'BSD-3-Clause', file: 'LICENSES.chromium.html' },
] as const

/** Where the program runs in Electron: it, and the browser in it. Their licences lie beside the program, on macOS among its resources. */
export async function runtimes(
  versions: Readonly<Record<string, string | undefined>> = process.versions,
  executable: string = process.execPath,
  platform: NodeJS.Platform = process.platform,
): Promise<readonly Runtime[]> {
  const beside = dirname(executable)
  const folder = platform === 'darwin' ? join(beside, '..', 'Resources') : beside
  const found = RUNTIMES.map(async ({ name, key, licence, file }): Promise<readonly Runtime[]> => {
    const version = versions[key]
    if (version === undefined) return []
    const path = join(folder, file)
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    return [{ name, version, licence, path: isThere ? path : null }]
  })
  return (await Promise.all(found)).flat()
}
