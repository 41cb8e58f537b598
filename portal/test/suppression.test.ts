// A rule as it is sent, and the commands that make the same.
import assert from 'node:assert/strict'
import test from 'node:test'
import { NAME, ruleOf, takeRule } from '../src/ui/suppression'

const SET = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/web'
const asked = { alertType: 'Testudo.BootIntegrity.NoAnswer', reason: 'Maintenance', comment: ' disks move ', until: '2030-01-02', resource: { within: `${SET}/` } }

test('what is asked for becomes a rule', () => {
  assert.deepEqual(ruleOf(asked), {
    alertType: 'Testudo.BootIntegrity.NoAnswer',
    state: 'Enabled',
    reason: 'Maintenance',
    comment: 'disks move',
    expirationDateUtc: '2030-01-02T00:00:00Z',
    suppressionAlertsScope: { allOf: [{ field: 'entities.azureresource.resourceid', contains: `${SET}/` }] },
  })
})

test('without a comment and an end it says nothing of them', () => {
  const rule = ruleOf({ ...asked, comment: '  ', until: '', resource: { is: `${SET}/virtualMachines/0` } })
  assert.deepEqual(Object.keys(rule), ['alertType', 'state', 'reason', 'suppressionAlertsScope'])
  assert.deepEqual(rule.suppressionAlertsScope?.allOf[0]?.in, [`${SET}/virtualMachines/0`])
})

test('the commands suppress nothing before the rule is narrow', () => {
  const { testudo, az, rest, template } = takeRule('/path', 'quiet', { ...ruleOf(asked), lastModifiedUtc: 'now' })
  const states = [...testudo.matchAll(/alerts-suppression-rule (\w+)|--state (\w+)/g)].map((found) => found[1] ?? found[2])
  assert.deepEqual(states, ['update', 'Disabled', 'upsert_scope', 'update', 'Enabled'])
  assert.ok(testudo.includes("--comment 'disks move'"))
  assert.equal(az, testudo.replaceAll('testudo security', 'az security'))
  assert.deepEqual(rest.body, { properties: ruleOf(asked) })
  assert.deepEqual(Object.keys(template as object), ['type', 'apiVersion', 'name', 'properties'])
})

test('a rule of every alert is one command', () => {
  const { testudo } = takeRule('/path', 'quiet', { alertType: '*', state: 'Enabled', reason: 'Other' })
  assert.equal(testudo, "testudo security alerts-suppression-rule update --rule-name quiet --alert-type '*' \\\n    --state Enabled --reason Other")
})

test('names', () => {
  for (const good of ['a', 'web-NoAnswer', 'A_1']) assert.ok(NAME.test(good), good)
  for (const bad of ['', 'a b', 'a/b', 'ä', 'a'.repeat(261)]) assert.ok(!NAME.test(bad), bad)
})
