// Which version `latest` stands for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { withLatest } from '../src/data/latest'
import type { CatalogueImage } from '../src/data/paths'

const image = (sku: string, version: string) => ({ publisher: 'P', offer: 'o', sku, version, path: version }) as CatalogueImage
const shown = (...images: CatalogueImage[]) => withLatest(images).map(({ sku, version, stands }) => `${sku} ${version}${stands ? ` = ${stands}` : ''}`)

test('latest comes first, and is the highest by number', () =>
  assert.deepEqual(shown(image('a', '1.9.0'), image('a', '1.10.0'), image('a', '1.2.30')), ['a latest = 1.10.0', 'a 1.9.0', 'a 1.10.0', 'a 1.2.30']))
test('each image has its own', () =>
  assert.deepEqual(shown(image('a', '1.0.0'), image('b', '2.0.0')), ['a latest = 1.0.0', 'a 1.0.0', 'b latest = 2.0.0', 'b 2.0.0']))
test('a version with a suffix is never the latest', () => {
  assert.deepEqual(shown(image('a', '1.0.0'), image('a', '2.0.0-beta')), ['a latest = 1.0.0', 'a 1.0.0', 'a 2.0.0-beta'])
  assert.deepEqual(shown(image('a', '2.0.0-beta')), ['a 2.0.0-beta'])
})
