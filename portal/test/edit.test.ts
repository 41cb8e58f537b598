// Changes are put together as the API merges them, and are said as the command lines take them.
import assert from 'node:assert/strict'
import test from 'node:test'
import { holds, imageBody, merge, sizeBody, standardBody, trustedBody } from '../src/data/edit'
import { withPending } from '../src/data/pending'
import type { ScaleSet } from '../src/data/types'
import { takeAction, takePatch } from '../src/ui/takeaway'

const about = { group: 'rg', name: 'web', id: '/subscriptions/s/x/web', location: 'local' }
const gen1 = { publisher: 'Testudo', offer: 'mini', sku: 'gen1', version: '1.0.0' }
const set = {
  sku: { name: 'Standard_B1ms', capacity: 2 },
  properties: { virtualMachineProfile: { storageProfile: { imageReference: { ...gen1, exactVersion: '1.0.0' } } } },
} as ScaleSet

test('members are merged one by one, lists as a whole', () => {
  assert.deepEqual(merge({ a: { b: 1, c: 2 }, d: [1, 2] } as object, { a: { c: 3 }, d: [4] }), { a: { b: 1, c: 3 }, d: [4] })
})

test('what is pending goes along with the step that makes it valid, unless it is replaced', () => {
  const pending = [{ key: 'image' as const, value: 'gen1', body: imageBody(gen1) }]
  assert.deepEqual(withPending(pending, standardBody), merge(imageBody(gen1), standardBody))
  assert.deepEqual(withPending(pending, imageBody({ ...gen1, sku: 'gen2' }), 'image'), imageBody({ ...gen1, sku: 'gen2' }))
})

test('an edit that the set has already is none', () => {
  assert.ok(holds(set, sizeBody('Standard_B1ms')))
  assert.ok(holds(set, imageBody(gen1)))
  assert.ok(holds(set, standardBody))
  assert.ok(!holds(set, trustedBody(false, true)))
})

test('the how-to in one command', () => {
  const take = takePatch(about, merge(sizeBody('Standard_B1ms'), trustedBody(true, true)))
  const words = take.testudo.split(/\s+\\?\s*/).join(' ')
  assert.equal(
    words,
    'testudo vmss update -g rg -n web --vm-sku Standard_B1ms --security-type TrustedLaunch --enable-secure-boot true --enable-vtpm true',
  )
  assert.deepEqual(take.rest, { method: 'PATCH', path: about.id, body: merge(sizeBody('Standard_B1ms'), trustedBody(true, true)) })
})

test('what has no option is set by its path, quoted where a shell would read it', () => {
  const take = takePatch(about, { tags: { a: "it's" } })
  assert.match(take.testudo, /--set 'tags\.a=it'\\''s'$/)
})

test('a change of the capacity alone is a scaling', () => {
  assert.equal(takePatch(about, { sku: { capacity: 5 } }).az, 'az vmss scale -g rg -n web --new-capacity 5')
})

test('options that az does not have are set by their path', () => {
  const body = { properties: { upgradePolicy: { rollingUpgradePolicy: { rollbackFailedInstancesOnPolicyBreach: true } } } }
  assert.match(takePatch(about, body).testudo, /--rollback-failed-instances-on-policy-breach true/)
  assert.match(takePatch(about, body).az, /--set upgradePolicy\.rollingUpgradePolicy\.rollbackFailedInstancesOnPolicyBreach=true/)
})

test('all instances are a star', () => {
  assert.equal(takeAction(about, 'update-instances', 'manualupgrade', ['*']).testudo, 'testudo vmss update-instances -g rg -n web --instance-ids "*"')
})
