/**
 * What pdf.js needs beside its code: its worker, the character maps of East Asian documents, and the fonts that every
 * reader is expected to have. All of it comes with the app: `?url&no-inline`, because the page's policy forbids data URLs.
 */
type Files = Readonly<Record<string, string>>
const scripts: Files = import.meta.glob(
  [
    '../../../node_modules/pdfjs-dist/build/pdf.worker.min.mjs',
    '../../../node_modules/pdfjs-dist/wasm/openjpeg_nowasm_fallback.js',
  ],
  { query: '?url&no-inline', import: 'default', eager: true },
)
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

/** The files have other names once they are built: looked up here instead of joined to a folder. */
function urlOf(files: Files, filename: string): string {
  const url = Object.entries(files).find(([path]) => path.endsWith(`/${filename}`))?.[1]
  if (url === undefined) throw new Error(`pdf.js asked for ${filename}, which does not come with the app`)
  return new URL(url, document.baseURI).href
}

export const workerUrl = urlOf(scripts, 'pdf.worker.min.mjs')
/** pdf.js adds the name of the file to this; behind `#` it does no harm. */
export const wasmUrl = `${urlOf(scripts, 'openjpeg_nowasm_fallback.js')}#/`

type Wanted = { readonly kind: 'cMapUrl' | 'standardFontDataUrl' | 'wasmUrl'; readonly filename: string }

/** What pdf.js asks for while it reads a document. */
export class BundledResources {
  async fetch({ kind, filename }: Wanted): Promise<Uint8Array> {
    const response = await fetch(
      urlOf(kind === 'cMapUrl' ? characterMaps : kind === 'standardFontDataUrl' ? fonts : {}, filename),
    )
    if (!response.ok) throw new Error(`${filename} was answered with ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }
}
