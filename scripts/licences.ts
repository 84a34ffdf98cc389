/**
 * Part of the build: what comes with Cairn that others have made, and under which licences. That is what is installed beside
 * it (the dependencies, with theirs), what is bundled into its own files, files of packages that have licences of their own, such
 * as fonts, and what is compiled into native modules. All of it goes into `licences.json` beside the page. A licence that
 * nobody has looked at yet, or one without a text, ends the build.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Plugin } from 'vite'
import type { Licences } from '../preload/contract/models.ts'

/** Reviewed: each allows passing Cairn on as it is, with their texts beside it. */
const REVIEWED: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'ISC',
  'MIT',
  // Of fonts: passed on as they are, and not sold alone.
  'OFL-1.1',
  'Python-2.0',
  'Unlicense',
  'Zlib',
])

type Shipped = { readonly name: string; readonly version: string; readonly licence: string; readonly text: string }

/** In native modules, of which their packages do not tell. `by`: as its own licence says it. */
const COMPILED_IN = [
  { name: 'libsodium', into: 'sodium-native', licence: 'ISC', by: '2013-2026 Frank Denis' },
  { name: 'libuv', into: 'udx-native', licence: 'MIT', by: '2015-present libuv project contributors' },
  {
    name: 'RocksDB',
    into: 'rocksdb-native',
    licence: 'Apache-2.0 OR GPL-2.0-only',
    by: '2011-present, Facebook, Inc. All rights reserved',
  },
  // RocksDB began with it, and its notice has to go along.
  { name: 'LevelDB', into: 'rocksdb-native', licence: 'BSD-3-Clause', by: '2011 The LevelDB Authors' },
  { name: 'xxHash', into: 'rocksdb-native', licence: 'BSD-2-Clause', by: '2012-2023 Yann Collet' },
] as const

/** Licences of files that are taken from folders of a package as they are, by where they lie. null: nothing of it is taken. */
const OF_FILES: Readonly<Record<string, { readonly name: string; readonly licence: string } | null>> = {
  'pdfjs-dist/cmaps/LICENSE': { name: 'CMap resources of Adobe', licence: 'BSD-3-Clause' },
  'pdfjs-dist/standard_fonts/LICENSE_FOXIT': { name: 'Foxit fonts', licence: 'BSD-3-Clause' },
  'pdfjs-dist/standard_fonts/LICENSE_LIBERATION': { name: 'Liberation fonts', licence: 'OFL-1.1' },
  'pdfjs-dist/wasm/LICENSE_OPENJPEG': { name: 'OpenJPEG', licence: 'BSD-2-Clause' },
  'pdfjs-dist/wasm/LICENSE_PDFJS_OPENJPEG': { name: 'OpenJPEG for pdf.js', licence: 'BSD-2-Clause' },
  'pdfjs-dist/wasm/LICENSE_JBIG2': null,
  'pdfjs-dist/wasm/LICENSE_PDFJS_JBIG2': null,
  'pdfjs-dist/wasm/LICENSE_QCMS': null,
  'pdfjs-dist/wasm/LICENSE_PDFJS_QCMS': null,
}

/** Their code is in what they make of ours, without being imported there. */
const MAKERS = ['tailwindcss'] as const

/** `seen` goes into every build and its workers; `written` into the one of the page, which comes last. */
export function licences(): { readonly seen: () => Plugin; readonly written: () => Plugin } {
  let root = ''
  const bundled = new Set<string>(MAKERS.map(name => resolve('node_modules', name)))
  return {
    seen: () => ({
      name: 'cairn:bundled',
      generateBundle(_, bundle) {
        for (const chunk of Object.values(bundle)) {
          if (chunk.type !== 'chunk') continue
          for (const id of chunk.moduleIds) {
            const folder = packageOf(id)
            if (folder !== null) bundled.add(folder)
          }
        }
      },
    }),
    written: () => ({
      name: 'cairn:licences',
      enforce: 'post',
      configResolved: config => {
        root = config.root
      },
      generateBundle(_, bundle) {
        const files = Object.values(bundle).flatMap(part => (part.type === 'asset' ? part.originalFileNames : []))
        const source = JSON.stringify(
          collected([...installed(), ...bundled], filesOf(files.map(file => resolve(root, file)))),
        )
        this.emitFile({ type: 'asset', fileName: 'licences.json', source })
      },
    }),
  }
}

/** `folders` of packages; `files`: what `filesOf` says of those that are taken as they are. */
function collected(folders: readonly string[], files: readonly Shipped[]): Licences {
  const shipped = [...[...new Set(folders)].map(read), ...files]
  const apache = shipped.find(({ licence, text }) => licence === 'Apache-2.0' && text.length > 10_000)?.text ?? ''
  for (const { name, into, licence, by } of COMPILED_IN) {
    const carrier = shipped.find(one => one.name === into)
    if (carrier === undefined) continue
    const text = licence in STANDARD ? standardText(licence, by) : `Copyright (c) ${by}.\n\n${apache}`
    shipped.push({ name: `${name} (in ${into})`, version: carrier.version, licence, text })
  }
  const refused = shipped.filter(({ licence, text }) => !isReviewed(licence) || text.trim() === '')
  if (refused.length > 0)
    throw new Error(
      `Licences that nobody has reviewed, or without a text (scripts/licences.ts): ${refused
        .map(({ name, licence }) => `${name} (${licence || 'none given'})`)
        .join(', ')}`,
    )
  const texts = [...new Set(shipped.map(({ text }) => text))]
  const places = new Map(texts.map((text, at) => [text, at]))
  const rows = new Map(
    shipped.map(({ name, version, licence, text }) => [
      `${name}@${version}`,
      { name, version, licence, text: places.get(text) ?? 0 },
    ]),
  )
  return { packages: [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)), texts }
}

/** One of the licences that there is a choice of, or all that hold together. */
export function isReviewed(expression: string): boolean {
  const bare = expression.replace(/^\((.*)\)$/, '$1')
  if (/[()]/.test(bare)) return false
  return bare.split(' OR ').some(choice => choice.split(' AND ').every(licence => REVIEWED.has(licence.trim())))
}

/** What is installed with Cairn, dependencies of dependencies included. */
function installed(): readonly string[] {
  const lock = JSON.parse(readFileSync(resolve('package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
  }
  return Object.entries(lock.packages)
    .filter(([path, { dev = false }]) => path !== '' && !dev && existsSync(path))
    .map(([path]) => resolve(path))
}

/** What stands beside files of packages, in folders below the one of the package. Throws for what nobody has looked at. */
function filesOf(paths: readonly string[]): readonly Shipped[] {
  const found: Shipped[] = []
  for (const folder of new Set(paths.map(path => dirname(path)))) {
    const owner = packageOf(`${folder}/`)
    if (owner === null || folder === owner) continue
    const { name: ownerName, version } = read(owner)
    for (const file of readdirSync(folder).filter(name => LICENCE_FILE.test(name))) {
      const place = `${ownerName}${join(folder, file).slice(owner.length).replaceAll('\\', '/')}`
      const known = OF_FILES[place]
      if (known === undefined) throw new Error(`Nobody has reviewed what ${place} is for (scripts/licences.ts)`)
      if (known === null) continue
      const text = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()
      found.push({ name: `${known.name} (in ${ownerName})`, version, licence: known.licence, text })
    }
  }
  return found
}

const LICENCE_FILE = /^(?:licen[cs]e|copying|unlicense|notice)/i

/** The folder of the package that a module is from; null: it is ours. */
function packageOf(id: string): string | null {
  const path = id.replaceAll('\\', '/').replace(/[?#].*$/, '')
  const helper = /^\0(vite|rolldown)\//.exec(path)?.[1]
  if (helper !== undefined) return resolve('node_modules', helper)
  const found = /^\0?(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]
  return found === undefined || !existsSync(join(found, 'package.json')) ? null : resolve(found)
}

function read(folder: string): Shipped {
  const { name, version, license, licenses, author } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as {
    readonly name: string
    readonly version: string
    readonly license?: string | { readonly type: string }
    readonly licenses?: readonly { readonly type: string }[]
    readonly author?: string | { readonly name: string }
  }
  const given = license ?? licenses?.[0] ?? ''
  const licence = typeof given === 'string' ? given : given.type
  const by = (typeof author === 'string' ? author.replace(/\s*[<(].*$/, '') : author?.name) || `the authors of ${name}`
  const text = textIn(folder) || standardText(licence, by)
  return { name, version, licence, text }
}

function textIn(folder: string): string {
  const files = readdirSync(folder, { withFileTypes: true })
    .filter(file => file.isFile() && LICENCE_FILE.test(file.name))
    .map(({ name }) => name)
    .sort()
  return (
    files
      .map(name => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim())
      .join('\n\n')
      // Of tools that bundle others themselves: none of that is in what they make.
      .replace(/\n#+ (?:Licenses of bundled dependencies|Bundled dependencies)[\s\S]*$/i, '')
  )
}

/** Empty: there is none. */
function standardText(licence: string, by: string): string {
  const terms = STANDARD[licence]
  return terms === undefined ? '' : `${terms.title}\n\nCopyright (c) ${by}\n\n${terms.text}`
}

const BSD = `Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met:

1. Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.

2. Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following disclaimer in the documentation and/or other materials provided with the distribution.`
const BSD_DISCLAIMER = `THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`

/** Of short licences, for packages that name one and bring no text. */
const STANDARD: Readonly<Record<string, { readonly title: string; readonly text: string }>> = {
  MIT: {
    title: 'MIT License',
    text: `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  },
  ISC: {
    title: 'ISC License',
    text: `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.`,
  },
  'BSD-2-Clause': { title: 'BSD 2-Clause License', text: `${BSD}\n\n${BSD_DISCLAIMER}` },
  'BSD-3-Clause': {
    title: 'BSD 3-Clause License',
    text: `${BSD}\n\n3. Neither the name of the copyright holder nor the names of its contributors may be used to endorse or promote products derived from this software without specific prior written permission.\n\n${BSD_DISCLAIMER}`,
  },
}
