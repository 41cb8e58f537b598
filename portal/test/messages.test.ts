// Every text is there in both languages, with the same things to fill in, and the source asks for none that is not.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fill } from '../src/i18n/i18n'
import en from '../src/messages/en.json'
import ja from '../src/messages/ja.json'
import namesEn from '../src/messages/names.en.json'
import namesJa from '../src/messages/names.ja.json'

const pairs: [string, Record<string, string>, Record<string, string>][] = [
  ['messages', en, ja],
  ['names', namesEn, namesJa],
]
const blanks = (text: string) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort()

for (const [what, first, second] of pairs) {
  test(`${what}: the same keys in both languages`, () => {
    assert.deepEqual(Object.keys(second).sort(), Object.keys(first).sort())
  })
  test(`${what}: no text is empty, and both fill in the same`, () => {
    for (const [key, text] of Object.entries(first)) {
      assert.ok(text.trim() && second[key]?.trim(), key)
      assert.deepEqual(blanks(second[key] ?? ''), blanks(text), key)
    }
  })
}

const IN_LATIN = /^[\s\x20-\x7e–…×·%→]*$/

test('what is said in Japanese is Japanese', () => {
  const allowed = new Set(['app.name', 'none'])
  const latin = Object.entries(ja).filter(([key, text]) => IN_LATIN.test(text) && !allowed.has(key) && en[key as keyof typeof en] === text && /[a-z]{4}/.test(text))
  assert.deepEqual(latin, [])
})

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) yield* sources(path)
    else if (/\.tsx?$/.test(name)) yield readFileSync(path, 'utf8')
  }
}

test('every text that a page asks for is there, and every text is asked for', () => {
  const all = [...sources('src')].join('\n')
  const asked = new Set([...all.matchAll(/\bt\(\s*'([^']+)'/g)].map((found) => found[1] ?? ''))
  assert.deepEqual([...asked].filter((key) => !(key in en)), [])
  const prefixes = [...all.matchAll(/\btCode\(\s*'([^']+)'/g)].map((found) => `${found[1] ?? ''}.`)
  const unused = Object.keys(en).filter((key) => !all.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)))
  assert.deepEqual(unused, [])
})

test('blanks are filled, and numbers have their word', () => {
  assert.equal(fill('{n} {n|disk|disks} of {name}', { n: 1, name: 'a' }), '1 disk of a')
  assert.equal(fill('{n} {n|disk|disks}', { n: 2000 }), '2,000 disks')
  assert.equal(fill('{unknown}'), '{unknown}')
})
