import { readFileSync } from 'node:fs'

const ENTRY_LIMIT = '150 kB'
const ROUTE_LIMIT = '60 kB'

/** Files that a chunk brings along, other than those that are loaded already. */
function brought(manifest, name, known = new Set()) {
  const chunk = manifest[name]
  if (known.has(name) || !chunk) return []
  known.add(name)
  return [`dist/${chunk.file}`, ...(chunk.imports ?? []).flatMap((other) => brought(manifest, other, known))]
}

const manifest = JSON.parse(readFileSync(new URL('dist/.vite/manifest.json', import.meta.url), 'utf8'))
const entry = brought(manifest, 'index.html')
const lazy = Object.keys(manifest).filter((name) => manifest[name].isDynamicEntry)

export default [
  { name: 'entry', path: entry, limit: ENTRY_LIMIT, gzip: true },
  ...lazy.map((name) => ({
    name,
    path: brought(manifest, name).filter((file) => !entry.includes(file)),
    limit: ROUTE_LIMIT,
    gzip: true,
  })),
]
