import { Field, Input } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf } from '../data/paths'
import { remove } from '../data/send'
import type { ScaleSet } from '../data/types'
import { t } from '../i18n/i18n'
import { go, href } from '../shell/router'
import { Confirm } from './Confirm'

/** The name is to be typed: with the set go the OS disks of all its instances. */
export function DeleteSet({ set, close }: { set: ScaleSet; close: () => void }) {
  const [typed, setTyped] = useState('')
  const at = `-g ${groupOf(set.id)} -n ${set.name}`
  return (
    <Confirm
      title={t('delete.ask', { name: set.name })}
      disabled={typed !== set.name}
      take={{ testudo: `testudo vmss delete ${at}`, az: `az vmss delete ${at}`, rest: { method: 'DELETE', path: set.id } }}
      act={async () => {
        await remove(t('delete.title', { name: set.name }), set.id, set.id)
        go(href())
      }}
      close={close}
    >
      <p>{t('delete.text', { n: set.sku.capacity })}</p>
      <Field label={t('delete.type', { name: set.name })}>
        <Input value={typed} onChange={(_, { value }) => setTyped(value)} autoComplete="off" />
      </Field>
    </Confirm>
  )
}
