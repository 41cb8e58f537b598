// What a request was answered with when it was refused; and, where data would be locked out, the box that says that this is known.
import { Checkbox, MessageBar, MessageBarBody } from '@fluentui/react-components'
import { ArmError } from '../data/rest'
import { t } from '../i18n/i18n'
import { Said } from './said'

export const asksAcknowledgement = (error: unknown): boolean => error instanceof ArmError && error.asksAcknowledgement

interface Props {
  error: unknown
  acknowledged: boolean
  acknowledge: (on: boolean) => void
}

export function Failed({ error, acknowledged, acknowledge }: Props) {
  if (!error) return null
  const said = error instanceof ArmError ? [...new Set(error.details.map(({ message }) => message))] : [error instanceof Error ? error.message : String(error)]
  return (
    <div role="alert" className="stack">
      <MessageBar intent="error" layout="multiline">
        <MessageBarBody>
          {said.map((text) => (
            <div key={text}>
              <Said text={text} original />
            </div>
          ))}
        </MessageBarBody>
      </MessageBar>
      {asksAcknowledgement(error) && (
        <Checkbox label={t('acknowledge')} checked={acknowledged} onChange={(_, { checked }) => acknowledge(checked === true)} />
      )}
    </div>
  )
}
