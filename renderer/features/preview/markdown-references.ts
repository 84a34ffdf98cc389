/**
 * Named characters such as `&copy;`. The parser asks the page's document what they mean, and a worker has none: the page
 * looks them up before, and the worker answers the parser from that list. Must be imported before the parser.
 */
export type References = Readonly<Record<string, string>>

/** In the page. Names are letters and digits, so nothing else is ever given to the HTML parser. */
export function lookUpReferences(text: string): References {
  const element = document.createElement('i')
  return Object.fromEntries(
    [...new Set(text.match(/&[a-z][a-z0-9]{1,31};/gi))].slice(0, 3000).map(reference => {
      element.innerHTML = reference
      return [reference, element.textContent ?? reference]
    }),
  )
}

let known: References = {}

/** In the worker. */
export function answerReferences(references: References): void {
  known = references
}

class Answer {
  innerHTML = ''
  get textContent(): string {
    return Object.hasOwn(known, this.innerHTML) ? (known[this.innerHTML] ?? '') : this.innerHTML
  }
}

if (!('document' in globalThis)) Object.assign(globalThis, { document: { createElement: () => new Answer() } })
