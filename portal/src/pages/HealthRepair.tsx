import { Button, Checkbox, Field, Select, SpinButton } from '@fluentui/react-components'
import { useState } from 'react'
import { holds, type Body } from '../data/edit'
import { groupOf, useSetView } from '../data/paths'
import { post } from '../data/send'
import type { ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t, tCode } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { ChangePanel } from '../ui/ChangePanel'
import { Counts } from '../ui/Counts'
import { Rules } from '../ui/Review'
import { State } from '../ui/ui'

const OWN = /automaticRepairsPolicy/
const minutesOf = (duration: string | undefined) => Number(/^PT(\d+)M$/.exec(duration ?? '')?.[1] ?? 10)

interface Choice {
  enabled: boolean
  minutes: number
  action: string
}

const present = (set: ScaleSet): Choice => {
  const policy = set.properties.automaticRepairsPolicy
  return { enabled: policy?.enabled ?? false, minutes: minutesOf(policy?.gracePeriod), action: policy?.repairAction ?? 'Replace' }
}

export default function HealthRepair({ set }: { set: ScaleSet }) {
  const { data: view } = useSetView(set.id)
  const [choice, setChoice] = useState<Choice>()
  const shown = choice ?? present(set)
  const body: Body = {
    properties: {
      automaticRepairsPolicy: shown.enabled
        ? { enabled: true, gracePeriod: `PT${shown.minutes}M`, repairAction: shown.action }
        : { enabled: false },
    },
  }
  const changed = choice && JSON.stringify(choice) !== JSON.stringify(present(set))
  const edit = changed && !holds(set, body) ? { value: shown.enabled ? t('enabled') : t('disabled'), body } : null
  const seen = useWhatIf(set, edit && body)
  const extension = set.properties.virtualMachineProfile.extensionProfile?.extensions?.find(({ properties }) => properties.type === 'ApplicationHealthLinux')
  const service = view?.orchestrationServices?.find(({ serviceName }) => serviceName === 'AutomaticRepairs')
  const turn = (action: 'Resume' | 'Suspend') =>
    void post(t(action === 'Resume' ? 'repair.resume' : 'repair.suspend'), set.id, `${set.id}/setOrchestrationServiceState`, {
      serviceName: 'AutomaticRepairs',
      action,
    }).catch(() => undefined)
  return (
    <div className="split">
      <div className="content narrow">
        <section className="section">
          <h2>{t('health.monitoring')}</h2>
          <p>
            {extension ? (
              <State mood="good">
                {t('health.byApplication', {
                  how: Object.values(extension.properties.settings ?? {}).join(' '),
                })}
              </State>
            ) : (
              <State mood="dull">{t('health.byAgent')}</State>
            )}{' '}
            <a href={setHref(groupOf(set.id), set.name, 'extensions')}>{name('extensions')}</a>
          </p>
          <Counts counts={(view?.virtualMachine?.statusesSummary ?? []).filter(({ code }) => code.startsWith('HealthState/'))} />
        </section>
        <section className="section">
          <h2>{t('repair.title')}</h2>
          <Checkbox label={t('repair.enable')} checked={shown.enabled} onChange={(_, { checked }) => setChoice({ ...shown, enabled: checked === true })} />
          <Rules seen={seen} of={OWN} />
          {shown.enabled && (
            <>
              <Field label={t('repair.action')} className="field">
                <Select value={shown.action} onChange={(_, { value }) => setChoice({ ...shown, action: value })}>
                  <option value="Replace">{t('repair.replace')}</option>
                  <option value="Reimage">{t('repair.reimage')}</option>
                  <option value="Restart">{t('repair.restart')}</option>
                </Select>
              </Field>
              <Field label={t('repair.grace')} hint={t('repair.graceHint')} className="field">
                <SpinButton
                  min={10}
                  max={90}
                  value={shown.minutes}
                  onChange={(_, { value, displayValue }) => {
                    const next = value ?? Number.parseInt(displayValue ?? '', 10)
                    if (Number.isInteger(next) && next >= 10 && next <= 90) setChoice({ ...shown, minutes: next })
                  }}
                />
              </Field>
            </>
          )}
          {service && (
            <div className="row">
              <span>
                {t('repair.service')} <strong>{tCode('service', service.serviceState)}</strong>
              </span>
              {service.serviceState === 'Suspended' && (
                <Button size="small" onClick={() => turn('Resume')}>
                  {t('repair.resume')}
                </Button>
              )}
              {service.serviceState === 'Running' && (
                <Button size="small" onClick={() => turn('Suspend')}>
                  {t('repair.suspend')}
                </Button>
              )}
            </div>
          )}
        </section>
      </div>
      <ChangePanel
        set={set}
        edit={edit}
        seen={seen}
        word="save"
        besideField={OWN}
        title={name('health')}
        done={() => setChoice(undefined)}
      />
    </div>
  )
}
