import { Field, Select } from '@fluentui/react-components'
import { useState } from 'react'
import type { Body } from '../data/edit'
import { useUsages, useSizes } from '../data/paths'
import { quotaLeft, sizeOf } from '../data/sizes'
import type { ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t } from '../i18n/i18n'
import { CapacityField } from '../ui/CapacityField'
import { ChangePanel } from '../ui/ChangePanel'
import { Rules } from '../ui/Review'
import { Name } from '../ui/ui'

const OWN = /^sku|scaleInPolicy/
const rules = ['Default', 'NewestVM', 'OldestVM'] as const

export default function Scaling({ set }: { set: ScaleSet }) {
  const { data: skus } = useSizes()
  const { data: usages } = useUsages()
  const [capacity, setCapacity] = useState<number>()
  const [rule, setRule] = useState<string>()
  const presentRule = set.properties.scaleInPolicy?.rules?.[0] ?? 'Default'
  const body: Body = {
    ...(capacity !== undefined && capacity !== set.sku.capacity ? { sku: { capacity } } : {}),
    ...(rule !== undefined && rule !== presentRule ? { properties: { scaleInPolicy: { rules: [rule] } } } : {}),
  }
  const edit = Object.keys(body).length ? { value: String(capacity ?? set.sku.capacity), body } : null
  const seen = useWhatIf(set, edit && body)
  const sku = skus?.find((one) => one.name === set.sku.name)
  const size = sku && sizeOf(sku)
  const left = size && quotaLeft(usages, size.family)
  return (
    <div className="split">
      <div className="content narrow">
        <section className="section">
          <h2>
            <Name k="scaling" />
          </h2>
          <CapacityField value={capacity ?? set.sku.capacity} size={size} left={left} change={setCapacity} />
          <Rules seen={seen} of={OWN} />
          <Field label={t('scaling.policy')} className="field" hint={t('scaling.policyHint')}>
            <Select value={rule ?? presentRule} onChange={(_, { value }) => setRule(value)}>
              {rules.map((one) => (
                <option key={one} value={one}>
                  {{ Default: t('scaling.default'), NewestVM: t('scaling.newest'), OldestVM: t('scaling.oldest') }[one]}
                </option>
              ))}
            </Select>
          </Field>
        </section>
      </div>
      <ChangePanel
        set={set}
        edit={edit}
        seen={seen}
        word="save"
        besideField={OWN}
        title={`${name('scaling')}: ${capacity ?? set.sku.capacity}`}
        done={() => {
          setCapacity(undefined)
          setRule(undefined)
        }}
      />
    </div>
  )
}
