export type Packed = {
  /** Of all that Cairn adds to Electron. */
  readonly bytes: number
  /** By module or folder, largest first. */
  readonly parts: readonly { readonly name: string; readonly bytes: number }[]
  /** Which fuses are on, by their names in electron-builder's configuration. */
  readonly fuses: Readonly<Record<string, boolean>>
  /** Made up to the tool that would write the file; on Linux alone. */
  readonly installers: readonly {
    readonly kind: 'deb' | 'rpm' | 'AppImage'
    /** The entry for menus. */
    readonly desktop: string
    /** Of fpm; empty for an AppImage. */
    readonly args: readonly string[]
    /** Run after it is installed, and after it is removed. */
    readonly scripts: readonly string[]
  }[]
}

/** Leaves `app` (plain files) and `packed` (what a package would install) in `folder`, which must be new. */
export declare function packApp(
  folder: string,
  environment?: Readonly<Record<string, string | undefined>>,
): Promise<Packed>
