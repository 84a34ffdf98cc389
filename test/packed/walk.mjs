/**
 * Follows every import and require from the entries of an app, as Node would resolve it there, and prints what was found:
 * `node --experimental-import-meta-resolve walk.mjs FOLDER ENTRY…`. The first path of a package that is loaded nowhere
 * names what could be left out.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseSync } from 'vite'

const app = realpathSync(process.argv[2])
const waiting = process.argv.slice(3).map(entry => join(app, entry))
const seen = new Set(waiting)
/** `file: what it asks for`, where that is nowhere, or outside of the app. */
const missing = []

while (waiting.length > 0) {
  const file = waiting.pop()
  if (!/\.[cm]?js$/.test(file)) continue
  const isModule = file.endsWith('.mjs') || (file.endsWith('.js') && typeOf(dirname(file)) === 'module')
  for (const [kind, name] of askedFor(file, isModule)) {
    if (isBuiltin(name)) continue
    const found = resolved(file, kind, name)
    if (found === null) missing.push(`${file.slice(app.length + 1).split(sep).join('/')}: ${name}`)
    else if (!seen.has(found)) {
      seen.add(found)
      waiting.push(found)
    }
  }
}
process.stdout.write(JSON.stringify({ files: [...seen].map(file => file.slice(app.length + 1).split(sep).join('/')), missing }))

function resolved(file, kind, name) {
  try {
    const found =
      kind === 'require'
        ? createRequire(file).resolve(name)
        : fileURLToPath(import.meta.resolve(name, pathToFileURL(file).href))
    // Unlike require, import resolves what is not there.
    return found.startsWith(app + sep) && readFileSync(found) !== null ? found : null
  } catch {
    return null
  }
}

function askedFor(file, isModule) {
  const { program, errors } = parseSync(file, readFileSync(file, 'utf8'), {
    sourceType: isModule ? 'module' : 'commonjs',
  })
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`)
  const asked = []
  const literal = node => (typeof node?.value === 'string' ? node.value : null)
  const add = (kind, name) => name !== null && asked.push([kind, name])
  const look = node => {
    if (node === null || typeof node !== 'object') return
    if (Array.isArray(node)) return node.forEach(look)
    const { type } = node
    if (type === 'ImportDeclaration' || type === 'ExportAllDeclaration' || type === 'ExportNamedDeclaration') {
      add('import', literal(node.source))
    } else if (type === 'ImportExpression') add('import', literal(node.source))
    else if (type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require') {
      add('require', literal(node.arguments[0]))
    }
    for (const [key, value] of Object.entries(node)) if (key !== 'type' && typeof value === 'object') look(value)
  }
  look(program.body)
  return asked
}

function typeOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type ?? 'commonjs'
  } catch {
    return folder === app ? 'commonjs' : typeOf(dirname(folder))
  }
}
