import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf, here } from '../data/paths'
import { list } from '../data/rest'
import { post } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { t, tCode, time } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { DataTable } from '../ui/DataTable'
import { Said } from '../ui/said'
import { SuppressDialog, Suppressions } from '../ui/Suppressions'
import { Loading, State, type Mood } from '../ui/ui'

interface Assessment {
  name: string
  properties: { displayName: string; status: { code: string; description?: string; cause?: string }; metadata: { severity: string; remediationDescription: string } }
}

interface Alert {
  id: string
  name: string
  properties: {
    alertType: string
    alertDisplayName: string
    description?: string
    severity: string
    status: string
    startTimeUtc: string
    remediationSteps?: string[]
    resourceIdentifiers?: { azureResourceId?: string }[]
    extendedProperties?: { reason?: string; lasts?: string; changedBy?: string; suppressedBy?: string }
  }
}

const assessmentMoods: Record<string, Mood> = { Healthy: 'good', Unhealthy: 'warn', NotApplicable: 'dull' }
const leadsTo: Record<string, string> = { secureBootEnabled: 'configuration', vTpmEnabled: 'configuration', guestAttestationInstalled: 'extensions' }

const instanceOf = ({ properties }: Alert) => properties.resourceIdentifiers?.[0]?.azureResourceId

export default function Security({ set }: { set: ScaleSet }) {
  const [suppressing, setSuppressing] = useState<Alert>()
  const { data: assessments } = useQuery(`assessments ${set.id}`, () => list<Assessment>(`${set.id}/providers/Microsoft.Security/assessments`), [set.id])
  const { data: all } = useQuery(`alerts`, () => list<Alert>(`${here().subscription}/providers/Microsoft.Security/alerts`), [
    `${here().subscription}/resourceGroups/`,
    `${here().subscription}/providers/Microsoft.Security`,
  ])
  if (!assessments || !all) return <Loading />
  const own = set.id.toLowerCase()
  const alerts = all.filter(({ properties }) => properties.resourceIdentifiers?.some(({ azureResourceId }) => azureResourceId?.toLowerCase().startsWith(`${own}/`)))
  const act = (alert: Alert, action: 'dismiss' | 'resolve' | 'activate') =>
    void post(`${tCode('alertAct', action)}: ${alert.properties.alertDisplayName}`, alert.id, `${alert.id}/${action}`).catch(() => undefined)
  return (
    <div className="content">
      <section className="section">
        <h2>{t('sec.recommendations')}</h2>
        <DataTable
          label={t('sec.recommendations')}
          rows={assessments}
          keyOf={({ name }) => name}
          empty={t('sec.noRecommendations')}
          columns={[
            {
              title: t('sec.recommendation'),
              cell: ({ name, properties }) => (
                <a href={setHref(groupOf(set.id), set.name, leadsTo[name] ?? 'configuration')}>
                  <Said text={properties.displayName} />
                </a>
              ),
            },
            { title: t('sec.severity'), cell: ({ properties }) => tCode('severity', properties.metadata.severity) },
            {
              title: t('col.status'),
              cell: ({ properties }) => <State mood={assessmentMoods[properties.status.code] ?? 'dull'}>{tCode('assessment', properties.status.code)}</State>,
            },
            { title: t('rh.why'), cell: ({ properties }) => <span className="reason wrap"><Said text={properties.status.description ?? properties.status.cause ?? '–'} /></span> },
          ]}
        />
      </section>
      <section className="section">
        <h2>{t('sec.alerts')}</h2>
        <DataTable
          label={t('sec.alerts')}
          rows={alerts}
          keyOf={({ name }) => name}
          empty={t('sec.noAlerts')}
          columns={[
            { title: t('activity.time'), cell: ({ properties }) => time(properties.startTimeUtc) },
            {
              title: t('sec.alert'),
              cell: ({ properties }) => (
                <span className="reason wrap">
                  <strong>
                    <Said text={properties.alertDisplayName} />
                  </strong>
                  {properties.description && (
                    <span className="block small">
                      <Said text={properties.description} />
                    </span>
                  )}
                  {properties.remediationSteps?.map((step) => (
                    <span key={step} className="block small quiet">
                      <Said text={step} />
                    </span>
                  ))}
                </span>
              ),
            },
            { title: t('sec.severity'), cell: ({ properties }) => tCode('severity', properties.severity) },
            {
              title: t('col.status'),
              cell: ({ properties: { status, extendedProperties } }) => (
                <span className="reason wrap">
                  {tCode('alertStatus', status)}
                  {extendedProperties?.suppressedBy && <span className="block small">{t('sup.by', { name: extendedProperties.suppressedBy })}</span>}
                </span>
              ),
            },
            {
              title: t('instances.instance'),
              cell: (alert) => instanceOf(alert)?.split('/').at(-1) ?? '–',
            },
            {
              title: t('sec.actions'),
              cell: (alert) => (
                <span className="row">
                  {alert.properties.status !== 'Dismissed' && (
                    <Button size="small" onClick={() => act(alert, 'dismiss')}>
                      {tCode('alertAct', 'dismiss')}
                    </Button>
                  )}
                  {alert.properties.status !== 'Resolved' && (
                    <Button size="small" onClick={() => act(alert, 'resolve')}>
                      {tCode('alertAct', 'resolve')}
                    </Button>
                  )}
                  {alert.properties.status !== 'Active' && (
                    <Button size="small" onClick={() => act(alert, 'activate')}>
                      {tCode('alertAct', 'activate')}
                    </Button>
                  )}
                  <Button
                    size="small"
                    aria-label={`${t('sup.button')}: ${tCode('alertType', alert.properties.alertType)}, ${instanceOf(alert)?.split('/').at(-1) ?? ''}`}
                    onClick={() => setSuppressing(alert)}
                  >
                    {t('sup.button')}
                  </Button>
                </span>
              ),
            },
          ]}
        />
      </section>
      <Suppressions />
      {suppressing && (
        <SuppressDialog
          set={set}
          alertType={suppressing.properties.alertType}
          instance={instanceOf(suppressing)}
          close={() => setSuppressing(undefined)}
        />
      )}
    </div>
  )
}
