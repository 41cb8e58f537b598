// Rules by which alerts are dismissed before anybody is told: made from an alert, disabled, enabled, deleted.
import { Button, Field, Input, Select } from '@fluentui/react-components'
import { useState } from 'react'
import { here } from '../data/paths'
import { list } from '../data/rest'
import { put, remove } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { t, tCode, time } from '../i18n/i18n'
import { Confirm } from './Confirm'
import { DataTable } from './DataTable'
import { NAME, ruleOf, takeRule, type Rule, type RuleProperties } from './suppression'
import { labelOf, Name, State, type Mood } from './ui'

const rulesPath = () => `${here().subscription}/providers/Microsoft.Security/alertsSuppressionRules`
const REASONS = ['FalsePositive', 'Maintenance', 'AcceptedRisk', 'Other']
const DAYS = 30
const DAY_MS = 86400000
const dayOf = (when: number) => new Date(when).toISOString().slice(0, 10)

/** alert: of which kind none is to be told any more; instance: full ARM id of the one that has it. */
export function SuppressDialog({ set, alertType, instance, close }: { set: ScaleSet; alertType: string; instance?: string; close: () => void }) {
  const [ruleName, setRuleName] = useState(`${set.name}-${alertType.split('.').at(-1)}`)
  const [scope, setScope] = useState<'set' | 'instance'>('set')
  const [reason, setReason] = useState('FalsePositive')
  const [comment, setComment] = useState('')
  const [until, setUntil] = useState(dayOf(Date.now() + DAYS * DAY_MS))
  const named = NAME.test(ruleName)
  const ahead = until === '' || Date.parse(until) > Date.now()
  const path = `${rulesPath()}/${ruleName}`
  const rule = ruleOf({ alertType, reason, comment, until, resource: scope === 'instance' && instance ? { is: instance } : { within: `${set.id}/` } })
  return (
    <Confirm
      title={t('sup.ask', { alert: tCode('alertType', alertType) })}
      disabled={!named || !ahead}
      take={named && ahead ? takeRule(path, ruleName, rule) : undefined}
      act={() => put(t('sup.create', { name: ruleName }), path, path, { properties: rule })}
      close={close}
    >
      <p>{t('sup.text')}</p>
      <Field label={t('sup.scope')}>
        <Select value={scope} onChange={(_, { value }) => setScope(value as 'set' | 'instance')}>
          <option value="set">{t('sup.ofSet', { set: set.name })}</option>
          {instance && <option value="instance">{t('sup.ofInstance', { id: instance.split('/').at(-1) ?? '' })}</option>}
        </Select>
      </Field>
      <Field label={t('sup.reason')}>
        <Select value={reason} onChange={(_, { value }) => setReason(value)}>
          {REASONS.map((one) => (
            <option key={one} value={one}>
              {tCode('suppressReason', one)}
            </option>
          ))}
        </Select>
      </Field>
      <Field label={t('sup.until')} hint={t('sup.untilHint')} validationMessage={ahead ? undefined : t('sup.over')}>
        <Input type="date" min={dayOf(Date.now() + DAY_MS)} value={until} onChange={(_, { value }) => setUntil(value)} />
      </Field>
      <Field label={t('sup.comment')}>
        <Input maxLength={300} value={comment} onChange={(_, { value }) => setComment(value)} />
      </Field>
      <Field label={t('sup.name')} validationMessage={named ? undefined : t('sup.badName')}>
        <Input value={ruleName} onChange={(_, { value }) => setRuleName(value)} />
      </Field>
    </Confirm>
  )
}

const moods: Record<string, Mood> = { Enabled: 'good', Disabled: 'dull', Expired: 'warn' }

function scopeOf({ suppressionAlertsScope }: RuleProperties): string {
  const conditions = suppressionAlertsScope?.allOf ?? []
  return conditions.map((one) => one.contains ?? one.in?.join(t('list.comma')) ?? '').join(t('list.comma')) || t('sup.everywhere')
}

export function Suppressions() {
  const { data } = useQuery('suppression rules', () => list<Rule>(rulesPath()), [`${here().subscription}/providers/Microsoft.Security`])
  return (
    <section className="section">
      <h2>{t('sup.rules')}</h2>
      <DataTable
        label={t('sup.rules')}
        rows={data ?? []}
        keyOf={({ name }) => name}
        empty={t('sup.none')}
        columns={[
          { title: t('sup.name'), cell: ({ name }) => name },
          { title: t('sec.alert'), cell: ({ properties }) => (properties.alertType === '*' ? t('sup.every') : tCode('alertType', properties.alertType)) },
          { title: t('sup.scope'), cell: ({ properties }) => <span className="reason wrap">{scopeOf(properties)}</span> },
          { title: t('col.status'), cell: ({ properties: { state } }) => <State mood={moods[state] ?? 'dull'}>{tCode('ruleState', state)}</State> },
          { title: t('sup.until'), cell: ({ properties: { expirationDateUtc } }) => (expirationDateUtc ? time(expirationDateUtc, 'short') : t('sup.never')) },
          {
            title: t('sup.reason'),
            cell: ({ properties: { reason, comment } }) => (
              <span className="reason wrap">
                {tCode('suppressReason', reason)}
                {comment && <span className="block small">{comment}</span>}
              </span>
            ),
          },
          { title: t('sec.actions'), cell: (rule) => <Ways rule={rule} /> },
        ]}
      />
    </section>
  )
}

/** An expired rule is deleted, or made anew. */
function Ways({ rule: { id, name, properties } }: { rule: Rule }) {
  const [asking, setAsking] = useState<'state' | 'delete'>()
  const close = () => setAsking(undefined)
  const on = properties.state === 'Disabled'
  const turned: RuleProperties = { ...properties, state: on ? 'Enabled' : 'Disabled' }
  return (
    <span className="row">
      {properties.state !== 'Expired' && (
        <Button size="small" aria-label={`${on ? t('sup.enable') : t('sup.disable')}: ${name}`} onClick={() => setAsking('state')}>
          {on ? t('sup.enable') : t('sup.disable')}
        </Button>
      )}
      <Button size="small" aria-label={labelOf('delete', name)} onClick={() => setAsking('delete')}>
        <Name k="delete" />
      </Button>
      {asking === 'state' && (
        <Confirm
          title={on ? t('sup.enableAsk', { name }) : t('sup.disableAsk', { name })}
          take={takeRule(id, name, turned)}
          act={() => put(on ? t('sup.enableTitle', { name }) : t('sup.disableTitle', { name }), id, id, { properties: turned })}
          close={close}
        >
          <p>{on ? t('sup.text') : t('sup.overText')}</p>
        </Confirm>
      )}
      {asking === 'delete' && (
        <Confirm
          title={t('sup.deleteAsk', { name })}
          take={{
            testudo: `testudo security alerts-suppression-rule delete --rule-name ${name}`,
            az: `az security alerts-suppression-rule delete --rule-name ${name}`,
            rest: { method: 'DELETE', path: id, version: '2019-01-01-preview' },
          }}
          act={() => remove(t('sup.deleteTitle', { name }), id, id)}
          close={close}
        >
          <p>{t('sup.overText')}</p>
        </Confirm>
      )}
    </span>
  )
}
