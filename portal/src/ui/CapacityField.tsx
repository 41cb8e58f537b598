import { Field, SpinButton } from '@fluentui/react-components'
import type { Size } from '../data/sizes'
import { t } from '../i18n/i18n'

const MOST = 1000

interface CapacityFieldProps {
  value: number
  /** That the instances have or would have, and the cores of its family that quota has left; undefined: not known yet. */
  size: Size | undefined
  left: number | undefined
  change: (value: number) => void
}

export function CapacityField({ value, size, left, change }: CapacityFieldProps) {
  return (
    <Field
      label={t('scaling.capacity')}
      className="field"
      hint={size && left !== undefined ? t('scaling.left', { cores: left, instances: Math.floor(left / size.vCpus) }) : undefined}
    >
      <SpinButton
        min={0}
        max={MOST}
        value={value}
        onChange={(_, { value: stepped, displayValue }) => {
          const next = stepped ?? Number.parseInt(displayValue ?? '', 10)
          if (Number.isInteger(next) && next >= 0 && next <= MOST) change(next)
        }}
      />
    </Field>
  )
}
