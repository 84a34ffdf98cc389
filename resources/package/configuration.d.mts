import type { Configuration } from 'electron-builder'

export declare function configuration(environment?: Readonly<Record<string, string | undefined>>): Configuration
export declare const APP_ID: string
export declare const LINK_SCHEMES: readonly string[]
/** Bytes. */
export declare const BUDGET: number
