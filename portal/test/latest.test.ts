// Which version `latest` stands for.
import assert from 'node:assert/strict'
import test from 'node:test'
import { offered, withLatest } from '../src/data/latest'
import type { CatalogueImage } from '../src/data/paths'
import type { BootChain } from '../src/data/types'

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

const booting = (sku: string, version: string, bootChain: BootChain, trustedLaunch = true) => ({ ...image(sku, version), bootChain, trustedLaunch }) as CatalogueImage
const order = (...images: CatalogueImage[]) => offered(images).map(({ sku, version }) => `${sku} ${version}`)

test('offered first is what boots under Secure Boot, last what is refused', () =>
  assert.deepEqual(
    order(booting('a', '1.0.0', 'Unsigned'), booting('b', '1.0.0', 'Unknown', false), booting('c', '1.0.0', 'Unknown'), booting('d', '1.0.0', 'Signed')),
    ['d latest', 'd 1.0.0', 'c latest', 'c 1.0.0', 'b latest', 'b 1.0.0', 'a latest', 'a 1.0.0'],
  ))
test('what does not claim Trusted launch is no worse for being unsigned', () =>
  assert.deepEqual(order(booting('a', '1.0.0', 'Unsigned'), booting('b', '1.0.0', 'Unsigned', false)).slice(0, 2), ['b latest', 'b 1.0.0']))
test('of each image, the newest first, and what has a suffix last', () =>
  assert.deepEqual(order(booting('a', '1.9.0', 'Signed'), booting('a', '2.0.0-beta', 'Signed'), booting('a', '1.10.0', 'Signed')), ['a latest', 'a 1.10.0', 'a 1.9.0', 'a 2.0.0-beta']))
test('latest is offered where its own version stands', () =>
  assert.deepEqual(order(booting('a', '1.0.0', 'Signed'), booting('a', '1.1.0', 'Unsigned'), booting('b', '1.0.0', 'Signed')), ['a 1.0.0', 'b latest', 'b 1.0.0', 'a latest', 'a 1.1.0']))
