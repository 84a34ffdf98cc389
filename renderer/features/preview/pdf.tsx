/**
 * PDF on canvas: parsed in a worker of its own, fetched in ranges, and painted page by page as they come into view. Its
 * scripts, forms and links are dead.
 */
import { ChevronDown, ChevronUp, Minus, Plus } from 'lucide-react'
import type { PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist'
import { getDocument, GlobalWorkerOptions, PDFDataRangeTransport } from 'pdfjs-dist'
import { type ReactElement, type RefObject, useEffect, useRef, useState } from 'react'
import { AppError } from '../../../preload/contract/errors.ts'
import { IconButton } from '../../ui/button.tsx'
import { number } from '../../ui/format.ts'
import { plainName } from '../../ui/names.ts'
import { Skeleton } from '../../ui/skeleton.tsx'
import { fetchRange, type Loaded, type Subject, useAddress, whyMissing } from '../../stores/content.ts'
import { BundledResources, wasmUrl, workerUrl } from './pdf-resources.ts'
import { ErrorProblem, Problem, Waiting } from './problem.tsx'
import { Scroller } from './scroller.tsx'

GlobalWorkerOptions.workerSrc = workerUrl

const RANGE = 256 * 1024
/** Beyond this a canvas costs more memory than its sharpness is worth. */
const MOST_PIXELS = 12_000_000

type Size = { readonly width: number; readonly height: number }
type OpenPdf = { readonly document: PDFDocumentProxy; readonly first: Size }
export function PdfPreview({ subject }: { readonly subject: Subject }): ReactElement {
  const address = useAddress(subject)
  const [tries, setTries] = useState(0)
  if (address.name === 'failed') return <ErrorProblem error={address.error} />
  if (address.name === 'loading') return <Skeleton className="h-full" />
  const retry = () => setTries(tries + 1)
  return <PdfFrom key={`${address.value} ${tries}`} subject={subject} address={address.value} onRetry={retry} />
}

type PdfFromProps = { readonly subject: Subject; readonly address: string; readonly onRetry: () => void }

function PdfFrom({ subject, address, onRetry }: PdfFromProps): ReactElement {
  const pdf = usePdf(subject, address)
  if (pdf.name === 'failed') return <PdfProblem error={pdf.error} onRetry={onRetry} />
  if (pdf.name === 'loading')
    return (
      <div className="relative h-full">
        <Skeleton className="h-full" />
        <Waiting />
      </div>
    )
  return <Pages pdf={pdf.value} name={plainName(subject.entry.name)} />
}

function PdfProblem({ error, onRetry }: { readonly error: unknown; readonly onRetry: () => void }): ReactElement {
  if (error instanceof AppError) return <ErrorProblem error={error} onRetry={onRetry} />
  const locked = error instanceof Error && error.name === 'PasswordException'
  return (
    <Problem
      title={locked ? 'This PDF is locked with a password' : 'This PDF cannot be shown'}
      text={`${locked ? 'It cannot be unlocked here.' : 'It is damaged, or not a PDF.'} Download it to open it with another program.`}
      details={locked || !(error instanceof Error) ? undefined : error.message}
    />
  )
}

/** pdf.js waits for ever for a range that never comes: a failed one ends the document instead. */
class Ranges extends PDFDataRangeTransport {
  readonly #stop = new AbortController()
  readonly #address: string
  readonly #onFail: (error: unknown) => void

  constructor(address: string, size: number, onFail: (error: unknown) => void) {
    super(size, null)
    this.#address = address
    this.#onFail = onFail
  }

  override requestDataRange(begin: number, end: number): void {
    fetchRange(this.#address, begin, end, this.#stop.signal).then(
      bytes => this.onDataRange(begin, bytes),
      error => !this.#stop.signal.aborted && this.#onFail(error),
    )
  }

  override abort(): void {
    this.#stop.abort()
  }
}

function usePdf(subject: Subject, address: string): Loaded<OpenPdf> {
  const [pdf, setPdf] = useState<Loaded<OpenPdf>>({ name: 'loading' })
  useEffect(() => {
    const stop = new AbortController()
    const fail = (error: unknown) => {
      if (!stop.signal.aborted) setPdf({ name: 'failed', error })
    }
    const ranges = new Ranges(address, subject.entry.size, error => {
      void whyMissing(subject, stop.signal).then(why => fail(why ?? error))
    })
    const loading = getDocument({
      range: ranges,
      rangeChunkSize: RANGE,
      disableAutoFetch: true,
      disableStream: true,
      isEvalSupported: false,
      useWasm: false,
      wasmUrl,
      useWorkerFetch: false,
      BinaryDataFactory: BundledResources,
      enableXfa: false,
      verbosity: 0,
    })
    const open = async () => {
      const document = await loading.promise
      const { width, height } = (await document.getPage(1)).getViewport({ scale: 1 })
      if (!stop.signal.aborted) setPdf({ name: 'ready', value: { document, first: { width, height } } })
    }
    open().catch(fail)
    return () => {
      stop.abort()
      ranges.abort()
      void loading.destroy()
    }
  }, [subject, address])
  return pdf
}

const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]
const GAP = 12

function Pages({ pdf, name }: { readonly pdf: OpenPdf; readonly name: string }): ReactElement {
  const [zoom, setZoom] = useState(1)
  const [current, setCurrent] = useState(1)
  const scroller = useRef<HTMLDivElement>(null)
  const width = useWidth(scroller)
  const { numPages } = pdf.document
  const pageWidth = Math.max(40, (width - 2 * GAP) * zoom)

  const show = (page: number) => {
    const element = scroller.current?.querySelector(`[data-page="${page}"]`)
    element?.scrollIntoView({ block: 'start' })
  }

  return (
    <section aria-label={name} className="flex h-full min-h-0 flex-col">
      <div className="flex shrink-0 items-center gap-1 border-b border-line bg-surface px-1.5 py-1">
        <IconButton label="Previous page" disabled={current <= 1} onClick={() => show(current - 1)}>
          <ChevronUp size={16} aria-hidden />
        </IconButton>
        <IconButton label="Next page" disabled={current >= numPages} onClick={() => show(current + 1)}>
          <ChevronDown size={16} aria-hidden />
        </IconButton>
        <PageField current={current} pages={numPages} onGo={show} />
        <span className="ml-auto" />
        <IconButton
          label="Smaller"
          disabled={zoom <= (ZOOMS[0] ?? 1)}
          onClick={() => setZoom(ZOOMS.findLast(step => step < zoom) ?? zoom)}
        >
          <Minus size={16} aria-hidden />
        </IconButton>
        <span className="w-11 text-center text-sm text-muted tabular">{Math.round(zoom * 100)}%</span>
        <IconButton
          label="Larger"
          disabled={zoom >= (ZOOMS.at(-1) ?? 1)}
          onClick={() => setZoom(ZOOMS.find(step => step > zoom) ?? zoom)}
        >
          <Plus size={16} aria-hidden />
        </IconButton>
      </div>
      <Scroller
        ref={scroller}
        label="Pages"
        className="relative bg-sunken"
        onScroll={event => setCurrent(pageAt(event.currentTarget))}
      >
        <div className="flex w-max min-w-full flex-col items-center" style={{ gap: GAP, padding: GAP }}>
          {width > 0 &&
            Array.from({ length: numPages }, (_, index) => (
              <Page
                key={index + 1}
                document={pdf.document}
                number={index + 1}
                width={pageWidth}
                expected={pdf.first}
                root={scroller}
              />
            ))}
        </div>
      </Scroller>
    </section>
  )
}

/** The page that the upper third of the box shows. */
function pageAt(scroller: HTMLElement): number {
  const line = scroller.scrollTop + scroller.clientHeight / 3
  const pages = [...scroller.querySelectorAll<HTMLElement>('[data-page]')]
  let low = 0
  let high = pages.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if ((pages[middle]?.offsetTop ?? 0) <= line) low = middle
    else high = middle - 1
  }
  return low + 1
}

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (element.current === null) return
    const observer = new ResizeObserver(entries => {
      const measured = entries[0]?.contentRect.width
      if (measured !== undefined) setWidth(Math.floor(measured))
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element])
  return width
}

type PageFieldProps = { readonly current: number; readonly pages: number; readonly onGo: (page: number) => void }

function PageField({ current, pages, onGo }: PageFieldProps): ReactElement {
  const [typed, setTyped] = useState<string | null>(null)
  const go = () => {
    const page = Number(typed)
    if (typed !== null && Number.isInteger(page) && page >= 1) onGo(Math.min(page, pages))
    setTyped(null)
  }
  return (
    <span className="flex items-center gap-1.5 text-sm text-muted tabular whitespace-nowrap">
      <input
        aria-label="Page"
        inputMode="numeric"
        value={typed ?? String(current)}
        onChange={event => setTyped(event.currentTarget.value)}
        onFocus={event => event.currentTarget.select()}
        onBlur={go}
        onKeyDown={event => event.key === 'Enter' && go()}
        className="h-6 w-10 rounded-md border border-line-strong/60 bg-surface text-center text-ink"
      />
      of {number(pages)}
    </span>
  )
}

type PageProps = {
  readonly document: PDFDocumentProxy
  readonly number: number
  /** In CSS pixels. */
  readonly width: number
  /** The size of the first page stands in until this one's is known. */
  readonly expected: Size
  readonly root: RefObject<HTMLElement | null>
}

function Page({ document, number: pageNumber, width, expected, root }: PageProps): ReactElement {
  const box = useRef<HTMLDivElement>(null)
  const near = useNear(box, root)
  const [page, setPage] = useState<PDFPageProxy | null>(null)
  const size = page?.getViewport({ scale: 1 }) ?? expected
  const height = Math.round((width * size.height) / size.width)

  useEffect(() => {
    if (!near || page !== null) return
    let gone = false
    // A page that cannot be read stays blank; the others do not suffer from it.
    document.getPage(pageNumber).then(
      loaded => !gone && setPage(loaded),
      () => {},
    )
    return () => {
      gone = true
    }
  }, [near, page, document, pageNumber])

  return (
    <div
      ref={box}
      data-page={pageNumber}
      className="relative shrink-0 shadow-card"
      style={{ width: Math.round(width), height, scrollMarginTop: GAP, backgroundColor: 'white' }}
    >
      {near && page !== null && <Painted page={page} number={pageNumber} width={Math.round(width)} height={height} />}
    </div>
  )
}

/** Within two screens of what is seen. Farther away the pixels are given back. */
function useNear(element: RefObject<HTMLElement | null>, root: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false)
  useEffect(() => {
    if (element.current === null) return
    const observer = new IntersectionObserver(entries => setNear(entries.at(-1)?.isIntersecting === true), {
      root: root.current,
      rootMargin: '100% 0px',
    })
    observer.observe(element.current)
    return () => observer.disconnect()
  }, [element, root])
  return near
}

type PaintedProps = {
  readonly page: PDFPageProxy
  readonly number: number
  readonly width: number
  readonly height: number
}

function Painted({ page, number: pageNumber, width, height }: PaintedProps): ReactElement {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [text, setText] = useState('')

  useEffect(() => {
    if (canvas.current === null) return
    const natural = page.getViewport({ scale: 1 })
    const sharpness = Math.min(window.devicePixelRatio || 1, Math.sqrt(MOST_PIXELS / (width * height)))
    const viewport = page.getViewport({ scale: (width / natural.width) * sharpness })
    canvas.current.width = Math.floor(viewport.width)
    canvas.current.height = Math.floor(viewport.height)
    const task = page.render({ canvas: canvas.current, viewport })
    // A cancelled or broken page stays as far as it was painted.
    task.promise.catch(() => {})
    return () => task.cancel()
  }, [page, width, height])

  useEffect(() => {
    let gone = false
    page.getTextContent().then(
      content => !gone && setText(content.items.map(item => ('str' in item ? item.str : '')).join(' ')),
      () => {},
    )
    return () => {
      gone = true
    }
  }, [page])

  return (
    <>
      <canvas ref={canvas} role="img" aria-label={`Page ${pageNumber}`} className="absolute inset-0 size-full" />
      <p className="sr-only">{text}</p>
    </>
  )
}
