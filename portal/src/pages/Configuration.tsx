import { Checkbox, Field, MessageBar, MessageBarBody, Select } from '@fluentui/react-components'
import { useState } from 'react'
import { holds, isTrusted, standardBody, trustedBody } from '../data/edit'
import { groupOf, useImages } from '../data/paths'
import { usePending, withPending } from '../data/pending'
import type { ScaleSet, SecurityType } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { ChangePanel } from '../ui/ChangePanel'
import { Rules } from '../ui/Review'
import { Name } from '../ui/ui'
import { securityTypeOf, securityTypeText } from '../ui/words'

const OWN = /securityProfile/

interface Choice {
  type: SecurityType
  secureBoot: boolean
  vtpm: boolean
}

const present = (set: ScaleSet): Choice => {
  const uefi = set.properties.virtualMachineProfile.securityProfile?.uefiSettings
  return { type: securityTypeOf(set), secureBoot: uefi?.secureBootEnabled ?? false, vtpm: uefi?.vTpmEnabled ?? isTrusted(set) }
}

export default function Configuration({ set }: { set: ScaleSet }) {
  const { data: images } = useImages()
  const pending = usePending(set.id)
  const [choice, setChoice] = useState<Choice>()
  const shown = choice ?? present(set)
  const trusted = shown.type === 'TrustedLaunch'
  const body = trusted ? trustedBody(shown.secureBoot, shown.vtpm) : standardBody
  const edit = choice && !holds(set, body) ? { key: 'security' as const, value: securityTypeText(shown.type), body } : null
  const seen = useWhatIf(set, edit && withPending(pending, body, 'security'), images)
  const monitored = set.properties.virtualMachineProfile.extensionProfile?.extensions?.some(({ properties: { type } }) => type === 'GuestAttestation')
  // Azure's defaults: the vTPM is checked when Trusted launch is chosen, secure boot is not.
  const chooseType = (type: SecurityType) => setChoice({ type, secureBoot: false, vtpm: type === 'TrustedLaunch' })
  return (
    <div className="split">
      <div className="content narrow">
        <section className="section">
          <h2>
            <Name k="securityType" />
          </h2>
          <Field label={<Name k="securityType" />} className="field">
            <Select value={shown.type} onChange={(_, { value }) => chooseType(value as SecurityType)}>
              <option value="Standard">{securityTypeText('Standard')}</option>
              <option value="TrustedLaunch">{securityTypeText('TrustedLaunch')}</option>
            </Select>
          </Field>
          <Rules seen={seen} of={OWN} />
          {trusted && (
            <fieldset className="switches">
              <legend className="hidden">{name('trustedLaunch')}</legend>
              <Checkbox
                label={<Name k="enableSecureBoot" />}
                checked={shown.secureBoot}
                onChange={(_, { checked }) => setChoice({ ...shown, secureBoot: checked === true })}
              />
              <p className="small quiet note">{t('config.secureBootNote')}</p>
              <Checkbox label={<Name k="enableVtpm" />} checked={shown.vtpm} onChange={(_, { checked }) => setChoice({ ...shown, vtpm: checked === true })} />
              <p className="small quiet note">{t('config.vtpmNote')}</p>
            </fieldset>
          )}
          {trusted && (
            <MessageBar intent={monitored ? 'success' : 'info'} layout="multiline">
              <MessageBarBody>
                <Name k="integrityMonitoring" />: {t('config.monitoring', { state: monitored ? t('enabled') : t('disabled') })}{' '}
                {!monitored && (shown.secureBoot && shown.vtpm ? t('config.monitoringHint') : t('config.monitoringNeeds'))}{' '}
                <a href={setHref(groupOf(set.id), set.name, 'extensions')}>{name('extensions')}</a>
              </MessageBarBody>
            </MessageBar>
          )}
          {!trusted && isTrusted(set) && monitored && <p className="small quiet">{t('config.monitoringStays')}</p>}
        </section>
      </div>
      <ChangePanel
        set={set}
        edit={edit}
        seen={seen}
        word="yes"
        besideField={OWN}
        title={t('config.title', { type: securityTypeText(shown.type) })}
        done={() => setChoice(undefined)}
      />
    </div>
  )
}
