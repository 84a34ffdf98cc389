/** Which program the tests run: `CAIRN_PROGRAM` names the folder of an unpacked app, and the tests of the packed one make it. */
import { inject } from 'vitest'

/** null: what is built in `out` here. */
export const packedProgram = (): string | null => process.env['CAIRN_PROGRAM'] || inject('program') || null
