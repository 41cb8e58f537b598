// What is clicked beside the how-to: a kept disk, `latest`, and what boots are compared with.
import assert from 'node:assert/strict'
import { violations } from './axe.mjs'
import { behaviour, until } from './behaviour.mjs'
import { signedIn } from './browser.mjs'
import { alertsOf, ATTESTED, followed, getInstances, getSet, group, imageOf, judged, keptDisks, makeSet, onInstances, patchSet, removeSet, settled, TRUSTED } from './fleet.mjs'
import { words } from './words.mjs'

/** A page of the set, and what is done on it again and again. */
async function at(set, lang) {
  const say = words[lang]
  const page = await signedIn(lang)
  const go = async (place) => {
    await page.evaluate((hash) => {
      location.hash = hash
    }, `#/sets/${group}/${set}/${place}`)
    await page.getByRole('heading', { level: 1, name: set }).waitFor()
  }
  const press = (name) => page.getByRole('button', { name, exact: true }).click()
  const yes = () => page.getByRole('dialog').getByRole('button', { name: say.yes, exact: true }).click()
  /** The command that the dialog says is the same. */
  const taken = async () => {
    await page.getByRole('dialog').getByRole('button', { name: say.same }).click()
    return page.getByRole('dialog').locator('pre').innerText()
  }
  return { say, page, go, press, yes, taken }
}

export async function attachKeptDisk(lang) {
  const set = `beside-disks-${lang}`
  await makeSet(set, { dataDisks: [{ lun: 0, createOption: 'Empty', diskSizeGB: 1 }] })
  await patchSet(set, { sku: { capacity: 1 } })
  await settled(set)
  const [disk] = await until('a disk is kept', async () => {
    const own = await keptDisks(set)
    return own.length && own
  })
  const { say, page, go, press, yes, taken } = await at(set, lang)
  const luns = async () => {
    const [one] = await getInstances(set)
    return (one.properties.storageProfile.dataDisks ?? []).map((found) => `${found.lun} ${found.createOption}`)
  }
  await behaviour(`${lang}: a kept disk is attached to an instance, at the first LUN that is free`, async () => {
    await go('disks')
    await press(say.attach(disk.name))
    assert.equal(await page.getByRole('dialog').getByLabel('LUN').inputValue(), '1')
    await page.getByRole('dialog').getByLabel('LUN').fill('0')
    await page.getByText(say.lunTaken).waitFor()
    assert.deepEqual(await violations(page), [])
    await page.getByRole('dialog').getByLabel('LUN').fill('2')
    assert.match(await taken(), new RegExp(`^testudo vmss disk attach .*\\s.*--instance-id 0 --disk ${disk.id} --lun 2$`))
    await yes()
    await until('the instance has it', async () => (await luns()).join() === '0 Empty,2 Attach')
  }, page)
  await behaviour(`${lang}: and detached again`, async () => {
    // Its instance is launched again with it first, and has that in hand.
    await followed(set)
    await press(say.detach(disk.name))
    await yes()
    await page.getByRole('button', { name: say.attach(disk.name), exact: true }).waitFor()
    assert.deepEqual(await luns(), ['0 Empty'])
    assert.deepEqual(page.complaints, [])
  }, page)
  await page.context().close()
  await removeSet(set)
}

export async function chooseLatest(lang) {
  const set = `beside-latest-${lang}`
  await makeSet(set, { capacity: 1 })
  const { say, page, go, press } = await at(set, lang)
  await behaviour(`${lang}: latest is chosen as an image's version`, async () => {
    await go('os/change')
    await page.getByRole('radio', { name: 'Testudo:mini:gen1:latest', exact: true }).check()
    await page.getByText(say.latestStays).waitFor()
    await press(say.apply)
    const { version, exactVersion } = await until('it is in the model', async () => {
      const { imageReference } = (await getSet(set)).properties.virtualMachineProfile.storageProfile
      return imageReference.version === 'latest' && imageReference
    })
    assert.deepEqual([version, exactVersion], ['latest', '1.0.0'])
    await page.getByRole('radio', { name: 'Testudo:mini:gen1:latest', exact: true, checked: true }).waitFor()
  }, page)
  await behaviour(`${lang}: following newer versions by itself says what it needs, before it is sent`, async () => {
    await page.getByRole('checkbox', { name: say.auto, exact: true }).check()
    await page.getByText(say.latestFollows).waitFor()
    await page.locator('.content').getByText(say.autoHealth).waitFor()
    assert.deepEqual(await violations(page), [])
    assert.ok(await page.getByRole('button', { name: say.apply, exact: true }).isDisabled())
  }, page)
  await behaviour(`${lang}: a set is made from latest, unless another version is chosen`, async () => {
    const made = `${set}-made`
    await removeSet(made)
    await page.evaluate(() => {
      location.hash = '#/create'
    })
    await page.getByLabel(say.group, { exact: true }).fill(group)
    await page.getByRole('textbox', { name: say.name, exact: true }).fill(made)
    const image = page.getByRole('combobox', { name: say.image, exact: true })
    assert.match(await image.inputValue(), /:latest$/)
    await page.getByRole('combobox', { name: say.securityType }).selectOption({ label: say.standard })
    await image.selectOption('Testudo:mini:gen1:latest')
    await page.getByText(say.latestStays).waitFor()
    await press(say.same)
    assert.match(await page.locator('pre').innerText(), /--image Testudo:mini:gen1:latest /)
    assert.deepEqual(await violations(page), [])
    await press(say.create)
    await page.getByRole('heading', { level: 1, name: made }).waitFor()
    const { version, exactVersion } = (await getSet(made)).properties.virtualMachineProfile.storageProfile.imageReference
    assert.deepEqual([version, exactVersion], ['latest', '1.0.0'])
    assert.deepEqual(page.complaints, [])
    await removeSet(made)
  }, page)
  await page.context().close()
  await removeSet(set)
}

/** What a new set is offered to boot, on a daemon with an image whose boot chain is not signed. */
export async function offerImages(lang) {
  const say = words[lang]
  const page = await signedIn(lang)
  const image = page.getByRole('combobox', { name: say.image, exact: true })
  const refused = page.locator('main').getByText(say.unsignedImage)
  await behaviour(`${lang}: a new set is offered last, and with the reason, what Secure Boot refuses`, async () => {
    await page.evaluate(() => {
      location.hash = '#/create'
    })
    await until('images are there', async () => (await image.locator('option').count()) > 2)
    assert.equal(await image.inputValue(), 'Testudo:mini:gen2:latest')
    const texts = await image.locator('option').allInnerTexts()
    const unsigned = (text) => text.includes('gen2-unsigned')
    assert.deepEqual(texts.map(unsigned), texts.map((_, at) => at >= texts.length - 2), texts.join('\n'))
    for (const text of texts) assert.equal(text.endsWith(say.unsignedOption), unsigned(text), text)
    assert.equal(await refused.count(), 0)
    await image.selectOption('Testudo:mini:gen2-unsigned:latest')
    await refused.waitFor()
    assert.deepEqual(await violations(page), [])
    await page.getByRole('checkbox', { name: say.secureBoot, exact: true }).uncheck()
    await refused.waitFor({ state: 'detached' })
    assert.deepEqual(page.complaints, [])
  }, page)
  await page.context().close()
}

/** On a daemon whose instances 2 and 3 boot another GRUB with their second start. */
export async function judgeBoots(lang) {
  const set = `beside-boots-${lang}`
  await makeSet(set, { mode: 'Automatic', capacity: 4, size: 'Standard_B1ms', profile: { ...imageOf('gen2'), securityProfile: TRUSTED, extensionProfile: ATTESTED } })
  const { say, page, go, press, yes, taken } = await at(set, lang)
  const count = async () => (await getSet(set)).sku.capacity
  const ids = async () => (await getInstances(set)).map(({ instanceId }) => instanceId).join()
  const reads = (id, state) => judged(set, id, state)
  const approve = async (id) => {
    await go(`bootIntegrity/${id}`)
    await press(say.approve)
    await yes()
    await reads(id, 'Healthy')
  }
  const deviates = async (id) => {
    await onInstances(set, 'restart', [id])
    await go('bootIntegrity')
    await page.getByRole('button', { name: say.release(`${set}_${id}`), exact: true }).waitFor()
  }
  await behaviour(`${lang}: what an instance booted is approved, and listed`, async () => {
    await reads('0', 'NotJudged')
    await approve('0')
    await go('bootIntegrity')
    await page.getByText(say.holds, { exact: true }).waitFor()
  }, page)
  await behaviour(`${lang}: an instance in quarantine is deleted, and the count stays`, async () => {
    await deviates('3')
    await until('another one has its place', async () => (await ids()) === '0,1,2,3,4')
    await press(say.remove(`${set}_3`))
    await yes()
    await until('it is gone', async () => (await ids()) === '0,1,2,4')
    assert.equal(await count(), 4)
  }, page)
  await behaviour(`${lang}: alerts of the set are suppressed by a rule, which is disabled and deleted`, async () => {
    const rule = `${set}-Deviation`
    const alerts = async () => (await alertsOf(set, '2')).join()
    await deviates('2')
    await until('another one has its place', async () => (await ids()) === '0,1,2,4,5')
    assert.equal(await alerts(), 'Active')
    await go('security')
    await press(say.suppress('2'))
    assert.match(await taken(), new RegExp(`--rule-name ${rule} .*--state Disabled .*upsert_scope .*/virtualMachineScaleSets/${set}/\\n.*--state Enabled`, 's'))
    assert.deepEqual(await violations(page), [])
    await yes()
    await page.getByText(say.suppressedBy(rule)).waitFor()
    assert.equal(await alerts(), 'Dismissed')
    await press(say.disable(rule))
    await yes()
    await page.getByRole('button', { name: say.enable(rule), exact: true }).waitFor()
    assert.equal(await alerts(), 'Active')
    assert.deepEqual(await violations(page), [])
    await press(say.remove(rule))
    await yes()
    await page.getByText(say.noRules).waitFor()
  }, page)
  await behaviour(`${lang}: what another one booted is approved, it is released, and the count rises`, async () => {
    await go('bootIntegrity')
    await page.getByRole('button', { name: say.release(`${set}_2`), exact: true }).waitFor()
    assert.deepEqual(await violations(page), [])
    await go('bootIntegrity/2')
    await page.getByText(say.grubDiffers).first().waitFor()
    await press(say.approve)
    await yes()
    await go('bootIntegrity')
    await press(say.release(`${set}_2`))
    assert.equal(await taken(), `testudo vmss quarantine release -g ${group} -n ${set} --instance-id 2`)
    assert.deepEqual(await violations(page), [])
    await yes()
    await page.getByText(say.nobodyQuarantined).waitFor()
    await reads('2', 'Healthy')
    assert.equal(await count(), 5)
  }, page)
  await behaviour(`${lang}: a baseline is withdrawn, and those that have no other one are not judged`, async () => {
    await page.getByRole('button', { name: say.withdraw }).first().click()
    assert.match(await taken(), /^testudo attest baseline withdraw --id \d+$/)
    await yes()
    await page.getByText(say.withdrawn).waitFor()
    await page.getByRole('button', { name: say.withdraw }).click()
    await yes()
    await page.getByRole('button', { name: say.withdraw }).waitFor({ state: 'detached' })
    await go('bootIntegrity/0')
    await press(say.attest)
    await reads('0', 'NotJudged')
    assert.deepEqual(page.complaints, [])
  }, page)
  await page.context().close()
  await removeSet(set)
}
