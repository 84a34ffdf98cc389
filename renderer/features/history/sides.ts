/** What stood at a path in two versions. */
import type { Subject } from '../../stores/content.ts'

/** null: nothing. */
export type TwoSides = { readonly before: Subject | null; readonly after: Subject | null }

/** Why two texts are not shown side by side. */
export type Incomparable = 'no-text' | 'too-many-lines' | 'too-long' | 'alike'
