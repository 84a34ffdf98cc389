/** Comma, semicolon and tab separated values: quotes, doubled quotes and line breaks within quotes are understood. */
export type Table = {
  readonly rows: readonly (readonly string[])[]
  readonly columns: number
  /** Rows or columns were left away. */
  readonly cut: boolean
}

const MAX_COLUMNS = 100

/** `whole`: the text ends where the file ends; otherwise its last row may be cut in two and is left away. */
export function parseTable(
  text: string,
  { maxRows, whole }: { readonly maxRows: number; readonly whole: boolean },
): Table {
  const separator = separatorOf(text)
  const rows: (readonly string[])[] = []
  let at = 0
  while (at < text.length && rows.length < maxRows) {
    const row = readRow(text, at, separator)
    at = row.end
    if (!row.ended && !whole && rows.length > 0) break
    rows.push(row.cells)
  }
  const widest = rows.reduce((most, row) => Math.max(most, row.length), 0)
  const columns = Math.min(widest, MAX_COLUMNS)
  return { rows: rows.map(row => row.slice(0, columns)), columns, cut: !whole || at < text.length || widest > columns }
}

function readRow(text: string, start: number, separator: string): { cells: string[]; end: number; ended: boolean } {
  const cells: string[] = []
  let at = start
  while (true) {
    const cell = readCell(text, at, separator)
    cells.push(cell.value)
    at = cell.end
    if (text[at] === separator) {
      at++
      continue
    }
    const breaks = text.startsWith('\r\n', at) ? 2 : at < text.length ? 1 : 0
    return { cells, end: at + breaks, ended: breaks > 0 }
  }
}

/** What stands between a closing quote and the separator belongs to the cell, as spreadsheets read it. */
function readCell(text: string, start: number, separator: string): { value: string; end: number } {
  const quoted = text[start] === '"' ? readQuoted(text, start + 1) : { value: '', end: start }
  let end = quoted.end
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++
  return { value: quoted.value + text.slice(quoted.end, end), end }
}

function readQuoted(text: string, start: number): { value: string; end: number } {
  let value = ''
  let at = start
  while (true) {
    const quote = text.indexOf('"', at)
    if (quote < 0) return { value: value + text.slice(at), end: text.length }
    value += text.slice(at, quote)
    if (text[quote + 1] !== '"') return { value, end: quote + 1 }
    value += '"'
    at = quote + 2
  }
}

/** The one that is most frequent in the first line, outside quotes. */
function separatorOf(text: string): string {
  const [line = ''] = text.replaceAll(/"[^"]*"/g, '').split('\n', 1)
  const counted = [',', '\t', ';', '|'].map(separator => ({ separator, count: line.split(separator).length }))
  return counted.reduce((best, each) => (each.count > best.count ? each : best)).separator
}
