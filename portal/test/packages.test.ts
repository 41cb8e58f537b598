// What npm is told to install: the same with the npm 9.2 of Debian 12 as with a newer one.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'

const read = (name: string) => JSON.parse(readFileSync(name, 'utf8'))

test('the icons that the components ask for are ours, and the only ones', () => {
  const { packages } = read('package-lock.json') as { packages: Record<string, { link?: boolean; resolved?: string }> }
  const icons = Object.entries(packages).filter(([place]) => place.endsWith('/@fluentui/react-icons'))
  assert.deepEqual(icons, [['node_modules/@fluentui/react-icons', { resolved: 'icons', link: true }]])
})

test('nothing is overridden: npm 9.2 takes an override of a folder for a version, and reads the lock file no further', () => {
  assert.equal(read('package.json').overrides, undefined)
})
