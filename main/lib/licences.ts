/** The licences of everything that comes with this program, as the build has collected them (scripts/licences.ts). */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Licences } from '../../preload/contract/models.ts'
import { builtPage } from './places.ts'

/** Throws where nothing has been built. */
export const readLicences = async (): Promise<Licences> =>
  JSON.parse(await readFile(join(builtPage(), 'licences.json'), 'utf8')) as Licences
