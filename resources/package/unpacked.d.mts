export type Packed = {
  /** Of all that Cairn adds to Electron. */
  readonly bytes: number
  /** By module or folder, largest first. */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[]
  /** Which fuses are on, by their names in electron-builder's configuration. */
  readonly fuses: Readonly<Record<string, boolean>>
}

/** Leaves `app` (plain files) and `packed` (what a package would install) in `folder`, which must be new. */
export declare function packApp(
  folder: string,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<Packed>
