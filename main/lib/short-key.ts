/**
 * The beginning of a key, where people see it in place of a name. The page has its own copy of it (`renderer/ui/names.ts`),
 * which is the same: what is said in a terminal is found on the screen.
 */

/** Letters of z-base-32 or hexadecimal. */
export const SHORT_KEY = 8

export const shortKey = (key: string): string => `${key.slice(0, SHORT_KEY)}…`
