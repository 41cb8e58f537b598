// The how-to, clicked by its words: eight steps to Trusted launch and five back, each looked for on the page and asked of the API.
import assert from 'node:assert/strict'
import { behaviour, until } from './behaviour.mjs'
import { signedIn } from './browser.mjs'
import { followed, getInstances, getSet, makeSet, removeSet, settled } from './fleet.mjs'
import { mouse } from './hands.mjs'
import { words } from './words.mjs'

const GEN1 = 'Testudo:mini:gen1:1.0.0'
const GEN2 = 'Testudo:mini:gen2:1.0.0'
const profile = (set) => set.properties.virtualMachineProfile
const imageOf = (set) => profile(set).storageProfile.imageReference.sku
const typeOf = (set) => profile(set).securityProfile?.securityType ?? 'Standard'

/** way: how things are chosen, hands.mjs. inside: where there are real guests, what they say of themselves (fleet.mjs). */
export async function followHowTo(lang, mode, way = mouse, inside = undefined) {
  const say = words[lang]
  const name = `howto-${lang}-${mode.toLowerCase()}${way === mouse ? '' : '-keys'}`
  await makeSet(name, { mode })
  const page = await signedIn(lang)
  const hands = way(page)
  const step = (title, act) => behaviour(`${lang}, ${mode}${way === mouse ? '' : ', by keyboard'}: ${title}`, act, page)
  const menu = page.locator('nav.menu')
  const go = async (label) => {
    await hands.press(menu.getByRole('link', { name: label, exact: true }))
    await page.getByRole('heading', { level: 1, name: label }).waitFor()
  }
  const press = (label) => hands.press(page.getByRole('button', { name: label, exact: true }))
  const becomes = (what, look) => until(what, async () => look(await getSet(name)))
  // In mode Rolling instances follow at once, so what is lost is asked about once more.
  const apply = async (destroys) => {
    await press(say.apply)
    if (destroys && mode !== 'Manual') await hands.press(page.getByRole('dialog').getByRole('button', { name: say.yes, exact: true }))
  }
  const upgrade = async () => {
    await go(say.instances)
    if (mode === 'Manual') {
      await hands.check(page.getByRole('checkbox', { name: say.selectAll }))
      await press(say.upgrade)
      await hands.press(page.getByRole('dialog').getByRole('button', { name: say.yes, exact: true }))
    }
    const all = await followed(name)
    await settled(name)
    await go(say.overview)
    await page.getByRole('link', { name: say.onModel(2, 2) }).waitFor()
    return all
  }
  const guestsSay = async (what) => {
    for (const { instanceId } of inside ? await getInstances(name) : []) assert.equal(await inside(name, instanceId), what, instanceId)
  }

  await hands.press(page.getByRole('link', { name, exact: true }))
  await page.getByRole('heading', { level: 1, name: say.overview }).waitFor()

  await step('the filter of the menu finds both languages and both words', async () => {
    for (const text of say.filter) {
      await menu.getByRole('searchbox').fill(text)
      await menu.getByRole('link', { name: say.configuration, exact: true }).waitFor()
      assert.equal(await menu.getByRole('link').count() < 4, true, text)
    }
    await menu.getByRole('searchbox').fill('')
  })
  await step('1: a size that supports Trusted launch', async () => {
    await go(say.size)
    await hands.check(page.getByRole('radio', { name: 'Standard_B1ms', exact: true }))
    await apply(false)
    await becomes('the size is in the model', (set) => set.sku.name === 'Standard_B1ms')
  })
  await step('2: change image reference, all images', async () => {
    await go(say.os)
    await press(say.changeImage)
    await page.getByRole('heading', { name: say.seeAllImages }).waitFor()
    await page.getByRole('row', { name: 'Testudo:mini:gen2 ' }).getByText(say.supported).first().waitFor()
  })
  await step('3: a generation 2 image, with the warning', async () => {
    await hands.check(page.getByRole('radio', { name: GEN2, exact: true }))
    await page.getByText(say.lost).first().waitFor()
    await apply(true)
    await becomes('the image is in the model', (set) => imageOf(set) === 'gen2')
  })
  await step('4: the security type is a link in the overview', async () => {
    await go(say.overview)
    await hands.press(page.getByRole('link', { name: say.standard, exact: true }))
    await page.getByRole('heading', { level: 1, name: say.configuration }).waitFor()
  })
  await step('5: Trusted launch, secure boot and vTPM', async () => {
    await hands.choose(page.getByRole('combobox', { name: say.securityType }), say.trusted)
    const secureBoot = page.getByRole('checkbox', { name: say.secureBoot })
    assert.equal(await secureBoot.isChecked(), false)
    assert.equal(await page.getByRole('checkbox', { name: say.vtpm }).isChecked(), true)
    await page.getByText(say.note).first().waitFor()
    await hands.check(secureBoot)
    await press(say.yes)
    await becomes('Trusted launch is in the model', (set) => typeOf(set) === 'TrustedLaunch')
    assert.deepEqual(profile(await getSet(name)).securityProfile.uefiSettings, { secureBootEnabled: true, vTpmEnabled: true })
  })
  await step('6: the overview validates it', async () => {
    await go(say.overview)
    await page.getByRole('link', { name: say.trusted, exact: true }).waitFor()
    assert.equal(await page.locator('.card').first().getByText(say.enabled, { exact: true }).count(), 2)
    if (mode === 'Manual') await page.getByRole('link', { name: say.onModel(0, 2) }).waitFor()
  })
  await step('7: Guest Attestation', async () => {
    await go(say.extensions)
    await press(say.attestation)
    await hands.press(page.getByRole('dialog').getByRole('button', { name: say.yes, exact: true }))
    await becomes('the extension is in the model', (set) => profile(set).extensionProfile?.extensions?.some((one) => one.name === 'GuestAttestation'))
  })
  await step('8: the instances come to the new model', async () => {
    const all = await upgrade()
    for (const { properties } of all) {
      assert.equal(properties.securityProfile.securityType, 'TrustedLaunch')
      assert.equal(properties.storageProfile.imageReference.sku, 'gen2')
    }
    await guestsSay('on true')
  })

  const before = (await getSet(name)).properties.revision
  await step('back 1 and 2: the last known good image is kept as a pending change', async () => {
    await go(say.os)
    await press(say.changeImage)
    await hands.check(page.getByRole('radio', { name: GEN1, exact: true }))
    await press(say.apply)
    await page.getByText(say.pending).waitFor()
    await page.getByText(say.kept).waitFor()
    assert.equal(imageOf(await getSet(name)), 'gen2')
  })
  await step('back 3: Standard, sent together with it', async () => {
    await go(say.configuration)
    await page.getByText(say.pending).waitFor()
    await hands.choose(page.getByRole('combobox', { name: say.securityType }), say.standard)
    await page.getByText(say.attestationStays).waitFor()
    await press(say.yes)
    await becomes('Standard is in the model', (set) => typeOf(set) === 'Standard')
    const set = await getSet(name)
    assert.equal(imageOf(set), 'gen1')
    assert.equal(set.properties.revision, before + 1)
    assert.ok(profile(set).extensionProfile.extensions.some((one) => one.name === 'GuestAttestation'))
  })
  await step('back 4: the overview validates it, and nothing is pending', async () => {
    await go(say.overview)
    await page.getByRole('link', { name: say.standard, exact: true }).waitFor()
    await page.getByText(say.pending).waitFor({ state: 'detached' })
  })
  await step('back 5: the instances come back', async () => {
    const all = await upgrade()
    for (const { properties } of all) {
      assert.notEqual(properties.securityProfile?.securityType, 'TrustedLaunch')
      assert.equal(properties.storageProfile.imageReference.sku, 'gen1')
    }
    await guestsSay('none false')
  })
  await step('and the size of the A family', async () => {
    await go(say.size)
    await hands.check(page.getByRole('radio', { name: 'Standard_A1_v2', exact: true }))
    await apply(false)
    await becomes('the size is back', (set) => set.sku.name === 'Standard_A1_v2')
    await upgrade()
    assert.ok((await getInstances(name)).every((one) => one.sku.name === 'Standard_A1_v2'))
  })
  await step('the page had nothing to complain of', () => assert.deepEqual(page.complaints, []))
  await page.context().close()
  await removeSet(name)
}
