// Each sentence that the portal knows is one that the daemon says: its form is looked for in the sources, at TESTUDO_SOURCE or beside portal/.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import ja from '../src/messages/ja.json'
import { sentences } from '../src/ui/sentences'

const folder = join(process.env.TESTUDO_SOURCE ?? '..', 'src')

function* files(at: string): Generator<string> {
  for (const entry of readdirSync(at, { withFileTypes: true })) {
    const path = join(at, entry.name)
    if (entry.isDirectory()) yield* files(path)
    else if (/\.[ch]$/.test(path)) yield readFileSync(path, 'utf8')
  }
}

/** Literals that the compiler joins are joined, and so are those with a macro between them. */
const joined = (text: string) => text.replace(/"\s*(?:[A-Z][A-Z0-9_]*\s*)?"/g, '')

/** What stands between the blanks of a pattern, in this order; a blank is some conversion of printf. */
function formOf({ source }: RegExp): RegExp {
  const blank = /\(\?<\w+>(?:\\.|\[(?:\\.|[^\]])*\]|[^()\\])*\)|\(\?:[^)]*\)|\.[*+]|\\d\+/
  const pieces = source.replace(/^\^|\$$/g, '').split(blank)
  return new RegExp(pieces.map((piece) => piece.replaceAll('\\/', '/')).join('[^"\\n]{0,120}?'))
}

test('the daemon says every sentence that is translated', (context) => {
  if (!existsSync(join(folder, 'model'))) return context.skip('the sources of the daemon are not there')
  const said = joined([...files(folder)].join('\n'))
  assert.deepEqual(sentences.filter(([pattern]) => !formOf(pattern).test(said)).map(([pattern]) => pattern.source), [])
})

test('a sentence fills in what its message asks for', () => {
  for (const [{ source }, key] of sentences)
    for (const [, blank] of (ja[key] as string).matchAll(/\{(\w+)/g)) assert.ok(source.includes(`(?<${blank}>`), `${key}: {${blank}}`)
})
