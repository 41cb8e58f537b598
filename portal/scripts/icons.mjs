// Writes icons/icons.js and icons/icons.d.ts: the icons that are used, out of the real @fluentui/react-icons, which unpacks to 300 MB.
// Run by hand when one is added to icons/names.txt: node scripts/icons.mjs FOLDER_OF_THE_REAL_PACKAGE
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const real = process.argv[2]
if (!real) throw new Error('usage: node scripts/icons.mjs FOLDER_OF_THE_REAL_PACKAGE')
const here = fileURLToPath(new URL('../icons/', import.meta.url))
const wanted = new Set(readFileSync(here + 'names.txt', 'utf8').split(/\s+/).filter(Boolean))
const found = new Map()
const atoms = join(real, 'lib/atoms/svg')
const form = /export const (\w+) = \( \/\*#__PURE__\*\/createFluentIcon\('\w+', ("[^"]+"), (\[[^\]]*\])/g
for (const file of readdirSync(atoms)) {
  if (!file.endsWith('.js')) continue
  for (const [, name, width, paths] of readFileSync(join(atoms, file), 'utf8').matchAll(form))
    if (wanted.has(name)) found.set(name, `export const ${name} = /*#__PURE__*/ icon('${name}', ${width}, ${paths})\n`)
}
const missing = [...wanted].filter((name) => !found.has(name))
if (missing.length) throw new Error(`not in the package: ${missing.join(' ')}`)
const names = [...found.keys()].sort()
writeFileSync(here + 'icons.js', `import { icon } from './icon.js'\n\n${names.map((name) => found.get(name)).join('')}`)
writeFileSync(here + 'icons.d.ts', `import type { FluentIcon } from './icon.js'\n\n${names.map((name) => `export declare const ${name}: FluentIcon\n`).join('')}`)
