// How things on a page are chosen: by mouse, or by the keyboard alone.
import assert from 'node:assert/strict'

export const mouse = () => ({
  press: (what) => what.click(),
  check: (what) => what.check(),
  choose: (what, label) => what.selectOption({ label }),
})

/** More stops than any page has. */
const TABS_MAX = 400

export function keyboard(page) {
  const key = (name) => page.keyboard.press(name)
  const until = async (what, holds, name) => {
    await what.waitFor()
    for (let i = 0; i < TABS_MAX; i += 1) {
      if (await what.evaluate(holds)) return
      await key(name)
    }
    assert.fail(`not reached by ${name}: ${what}`)
  }
  const focused = (element) => element === document.activeElement
  const focusedGroup = (element) => document.activeElement?.name === element.name && document.activeElement?.type === 'radio'
  const enabled = async (what) => {
    await what.waitFor()
    await what.and(page.locator(':enabled, a')).waitFor()
  }
  return {
    async press(what) {
      await enabled(what)
      await until(what, focused, 'Tab')
      await key('Enter')
    },
    async check(what) {
      await what.waitFor()
      if (await what.isChecked()) return
      if ((await what.getAttribute('type')) === 'radio') {
        await until(what, focusedGroup, 'Tab')
        await until(what, (element) => element.checked, 'ArrowDown')
      } else {
        await until(what, focused, 'Tab')
        await key('Space')
      }
      assert.ok(await what.isChecked())
    },
    async choose(what, label) {
      await until(what, focused, 'Tab')
      for (const way of ['ArrowDown', 'ArrowUp']) {
        for (let i = 0; i < 10; i += 1) {
          if ((await what.evaluate((element) => element.selectedOptions[0].label)) === label) return
          await key(way)
        }
      }
      assert.fail(`there is no ${label}`)
    },
  }
}
