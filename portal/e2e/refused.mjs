// What would be refused is said beside the field that it is about, before anything is sent.
import assert from 'node:assert/strict'
import { behaviour } from './behaviour.mjs'
import { signedIn } from './browser.mjs'
import { getSet, group, makeSet, patchSet, removeSet } from './fleet.mjs'
import { words } from './words.mjs'

const gen2 = {
  sku: { name: 'Standard_B1ms' },
  properties: { virtualMachineProfile: { storageProfile: { imageReference: { publisher: 'Testudo', offer: 'mini', sku: 'gen2', version: '1.0.0' } } } },
}
const rules = {
  en: {
    size: "The VM size 'Standard_A1_v2' is not supported for creation of VMs",
    image: 'Use of TrustedLaunch setting is not supported for the provided image.',
    generation: 'cannot boot the image',
    dataDisks: 'A scale set with data disks can be upgraded to Trusted launch only with',
    quota: 'results in exceeding approved',
  },
  ja: {
    size: 'サイズ Standard_A1_v2 はトラステッド起動をサポートしていません。',
    image: 'イメージ Testudo:mini:gen1:1.0.0 (第 1 世代、セキュリティの種類 Standard) はトラステッド起動をサポートしていません。',
    generation: '動くイメージの世代は',
    dataDisks: 'データ ディスクが 1 個あるスケール セットは、アップグレード モードがローリングで MaxSurge が有効な場合だけトラステッド起動にできます。',
    quota: 'クォータ',
  },
}

export async function seeRefusals(lang) {
  const say = words[lang]
  const rule = rules[lang]
  const plain = `refused-${lang}`
  const disks = `refused-disks-${lang}`
  await makeSet(plain)
  await makeSet(disks, { dataDisks: [{ lun: 0, createOption: 'Empty', diskSizeGB: 1 }] })
  await patchSet(disks, gen2)
  const page = await signedIn(lang)
  const at = async (set, place) => {
    await page.evaluate((hash) => {
      location.hash = hash
    }, `#/sets/${group}/${set}/${place}`)
    await page.getByRole('heading', { level: 1, name: set }).waitFor()
  }
  const check = (title, set, act) =>
    behaviour(
      `${lang}, refused: ${title}`,
      async () => {
        const before = (await getSet(set)).properties.revision
        await act()
        assert.equal((await getSet(set)).properties.revision, before)
      },
      page,
    )
  const field = page.locator('.content')
  const trustedChosen = () => page.getByRole('combobox', { name: say.securityType }).selectOption({ label: say.trusted })
  const disabled = async (word) => assert.ok(await page.getByRole('button', { name: word, exact: true }).isDisabled())

  await check('size and image that cannot do Trusted launch', plain, async () => {
    await at(plain, 'configuration')
    await trustedChosen()
    await page.locator('.panel').getByText(rule.size).waitFor()
    await page.locator('.panel').getByText(rule.image).waitFor()
    await disabled(say.yes)
    await page.locator('.panel').getByRole('alert').getByRole('link').first().click()
    await page.getByRole('heading', { level: 1, name: say.size }).waitFor()
  })
  await check('an image of another generation than the size, beside the choice', plain, async () => {
    await at(plain, 'os/change')
    await page.getByRole('radio', { name: 'Testudo:mini:gen2:1.0.0', exact: true }).check()
    await field.getByText(rule.generation).waitFor()
  })
  await check('data disks without MaxSurge', disks, async () => {
    await at(disks, 'configuration')
    await trustedChosen()
    await page.getByText(rule.dataDisks).waitFor()
    await disabled(say.yes)
  })
  await patchSet(plain, { sku: { name: 'Standard_L8s_v3' } })
  await check('a quota that does not suffice', plain, async () => {
    await at(plain, 'scaling')
    const count = page.getByRole('spinbutton').first()
    await count.fill('1000')
    await count.press('Tab')
    await field.getByText(rule.quota).last().waitFor()
    await disabled(say.save)
  })
  await page.context().close()
  await removeSet(plain)
  await removeSet(disks)
}
