import { Checkbox, Field, Radio, RadioGroup, SpinButton } from '@fluentui/react-components'
import { useState } from 'react'
import { holds, type Body } from '../data/edit'
import { usePending, withPending } from '../data/pending'
import type { Mode, RollingPolicy, ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t, type MessageKey } from '../i18n/i18n'
import { ChangePanel } from '../ui/ChangePanel'
import { Rules } from '../ui/Review'
import { Name } from '../ui/ui'
import { modeText } from '../ui/words'

const OWN = /upgradePolicy/
const modes: [Mode, MessageKey][] = [
  ['Manual', 'policy.manualText'],
  ['Automatic', 'policy.automaticText'],
  ['Rolling', 'policy.rollingText'],
]
type Share = 'maxBatchInstancePercent' | 'maxUnhealthyInstancePercent' | 'maxUnhealthyUpgradedInstancePercent'
const shares: [Share, MessageKey, number][] = [
  ['maxBatchInstancePercent', 'policy.batch', 5],
  ['maxUnhealthyInstancePercent', 'policy.unhealthy', 5],
  ['maxUnhealthyUpgradedInstancePercent', 'policy.unhealthyUpgraded', 0],
]
type Switch = 'prioritizeUnhealthyInstances' | 'maxSurge' | 'rollbackFailedInstancesOnPolicyBreach'
const switches: [Switch, MessageKey][] = [
  ['maxSurge', 'policy.surge'],
  ['prioritizeUnhealthyInstances', 'policy.prioritize'],
  ['rollbackFailedInstancesOnPolicyBreach', 'policy.rollback'],
]

interface Choice {
  mode: Mode
  rolling: RollingPolicy
  auto: boolean
}

const secondsOf = (duration: string | undefined) => {
  const found = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(duration ?? 'PT0S')
  return found ? Number(found[1] ?? 0) * 3600 + Number(found[2] ?? 0) * 60 + Number(found[3] ?? 0) : 0
}

/** What a choice changes of the set, and nothing else. */
function bodyOf(set: ScaleSet, choice: Choice): Body {
  const before = present(set)
  const rolling = Object.fromEntries(
    Object.entries(choice.rolling).filter(([key, value]) => value !== before.rolling[key as keyof RollingPolicy]),
  ) as RollingPolicy
  return {
    properties: {
      upgradePolicy: {
        ...(choice.mode === before.mode ? {} : { mode: choice.mode }),
        ...(Object.keys(rolling).length ? { rollingUpgradePolicy: rolling } : {}),
        ...(choice.auto === before.auto ? {} : { automaticOSUpgradePolicy: { enableAutomaticOSUpgrade: choice.auto } }),
      },
    },
  }
}

const present = (set: ScaleSet): Choice => {
  const policy = set.properties.upgradePolicy
  const { mode = 'Manual', rollingUpgradePolicy, automaticOSUpgradePolicy } = policy ?? {}
  return {
    mode,
    rolling: {
      maxBatchInstancePercent: 20,
      maxUnhealthyInstancePercent: 20,
      maxUnhealthyUpgradedInstancePercent: 20,
      pauseTimeBetweenBatches: 'PT0S',
      prioritizeUnhealthyInstances: false,
      maxSurge: false,
      rollbackFailedInstancesOnPolicyBreach: false,
      ...rollingUpgradePolicy,
    },
    auto: automaticOSUpgradePolicy?.enableAutomaticOSUpgrade ?? false,
  }
}

export default function UpgradePolicy({ set }: { set: ScaleSet }) {
  const pending = usePending(set.id)
  const [choice, setChoice] = useState<Choice>()
  const shown = choice ?? present(set)
  const body = choice && bodyOf(set, choice)
  const edit = body && Object.keys(body.properties?.upgradePolicy ?? {}).length && !holds(set, body) ? { value: modeText(shown.mode), body } : null
  const seen = useWhatIf(set, edit && withPending(pending, edit.body))
  const roll = (change: RollingPolicy) => setChoice({ ...shown, rolling: { ...shown.rolling, ...change } })
  return (
    <div className="split">
      <div className="content narrow">
        <section className="section">
          <h2>
            <Name k="upgradePolicy" />
          </h2>
          <Field label={t('col.mode')}>
            <RadioGroup value={shown.mode} onChange={(_, { value }) => setChoice({ ...shown, mode: value as Mode })}>
              {modes.map(([mode, says]) => (
                <Radio
                  key={mode}
                  value={mode}
                  disabled={mode === 'Automatic' && set.properties.orchestrationMode === 'Flexible'}
                  label={
                    <>
                      <Name k={mode === 'Manual' ? 'manual' : mode === 'Automatic' ? 'automatic' : 'rollingMode'} />
                      <span className="small quiet block">{t(says)}</span>
                    </>
                  }
                />
              ))}
            </RadioGroup>
          </Field>
          <Rules seen={seen} of={OWN} />
        </section>
        <section className="section">
          <h2>{t('policy.rollingTitle')}</h2>
          <p className="small quiet">{t('policy.rollingAlways')}</p>
          {shares.map(([key, label, least]) => (
            <Field key={key} label={t(label)} className="field">
              <SpinButton
                min={least}
                max={100}
                value={shown.rolling[key] ?? 20}
                onChange={(_, { value, displayValue }) => {
                  const next = value ?? Number.parseInt(displayValue ?? '', 10)
                  if (Number.isInteger(next) && next >= least && next <= 100) roll({ [key]: next })
                }}
              />
            </Field>
          ))}
          <Field label={t('policy.pause')} className="field">
            <SpinButton
              min={0}
              max={86400}
              value={secondsOf(shown.rolling.pauseTimeBetweenBatches)}
              onChange={(_, { value, displayValue }) => {
                const next = value ?? Number.parseInt(displayValue ?? '', 10)
                if (Number.isInteger(next) && next >= 0) roll({ pauseTimeBetweenBatches: `PT${next}S` })
              }}
            />
          </Field>
          {switches.map(([key, label]) => (
            <Checkbox key={key} label={t(label)} checked={shown.rolling[key] ?? false} onChange={(_, { checked }) => roll({ [key]: checked === true })} />
          ))}
        </section>
        <section className="section">
          <h2>{t('policy.autoTitle')}</h2>
          <Checkbox label={t('policy.auto')} checked={shown.auto} onChange={(_, { checked }) => setChoice({ ...shown, auto: checked === true })} />
          <p className="small quiet note">{t('policy.autoText')}</p>
        </section>
      </div>
      <ChangePanel
        set={set}
        edit={edit}
        seen={seen}
        word="save"
        besideField={OWN}
        title={`${name('upgradePolicy')}: ${modeText(shown.mode)}`}
        done={() => setChoice(undefined)}
      />
    </div>
  )
}
