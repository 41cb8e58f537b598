// Sizes of memory and images: powers of two, and units that say so.
import assert from 'node:assert/strict'
import test from 'node:test'
import { bytes, speak } from '../src/i18n/i18n'

const KIB = 1024
const cases: [number, string][] = [
  [0, '0 B'],
  [1023, '1,023 B'],
  [KIB, '1 KiB'],
  [2 * KIB ** 2, '2 MiB'],
  [1.5 * KIB ** 3, '1.5 GiB'],
  [2.25 * KIB ** 4, '2.3 TiB'],
  [4000 * KIB ** 4, '4,000 TiB'],
]

test('a size says by what it was divided, alike in both languages', async () => {
  Object.assign(globalThis, { document: { documentElement: {} } })
  for (const language of ['en', 'ja'] as const) {
    await speak(language)
    for (const [value, text] of cases) assert.equal(bytes(value), text, language)
  }
})
