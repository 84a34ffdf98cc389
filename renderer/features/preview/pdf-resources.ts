/**
 * What pdf.js needs beside its code: its worker, the character maps of East Asian documents, and the fonts that every
 * reader is expected to have. All of it comes with the app: `?url&no-inline`, because the page's policy forbids data URLs.
 */
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url&no-inline'
import jpeg2000Url from 'pdfjs-dist/wasm/openjpeg_nowasm_fallback.js?url&no-inline'

type Files = Readonly<Record<string, string>>
const characterMaps: Files = import.meta.glob('../../../node_modules/pdfjs-dist/cmaps/*.bcmap', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
})
const fonts: Files = import.meta.glob('../../../node_modules/pdfjs-dist/standard_fonts/*.{pfb,ttf}', {
  query: '?url&no-inline',
  import: 'default',
  eager: true,
})

export { workerUrl }

/** pdf.js adds the name of the file to this; behind `#` it does no harm. */
export const wasmUrl = `${new URL(jpeg2000Url, document.baseURI)}#/`

type Wanted = { readonly kind: 'cMapUrl' | 'standardFontDataUrl' | 'wasmUrl'; readonly filename: string }

/** The files have other names once they are built: looked up here instead of joined to a folder. */
export class BundledResources {
  async fetch({ kind, filename }: Wanted): Promise<Uint8Array> {
    const files = kind === 'cMapUrl' ? characterMaps : kind === 'standardFontDataUrl' ? fonts : {}
    const url = Object.entries(files).find(([path]) => path.endsWith(`/${filename}`))?.[1]
    if (url === undefined) throw new Error(`pdf.js asked for ${kind} ${filename}, which does not come with the app`)
    const response = await fetch(url)
    if (!response.ok) throw new Error(`${filename} was answered with ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }
}
