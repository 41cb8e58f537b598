import type { Brief } from '../data/instance'
import { t, tCode } from '../i18n/i18n'
import { moodOf, State, type Mood } from './ui'

const healthMoods: Record<string, Mood> = { healthy: 'good', unhealthy: 'bad', initializing: 'busy' }
const integrityMoods: Record<string, Mood> = { healthy: 'good', deviation: 'bad', notattested: 'bad', unreachable: 'bad', notjudged: 'warn', waiting: 'busy' }
const powerMoods: Record<string, Mood> = { running: 'good', starting: 'busy', stopping: 'busy', unknown: 'warn' }

export const ModelState = ({ one }: { one: Brief }) => (
  <State mood={one.latest ? 'good' : 'warn'}>{one.latest ? t('instance.latest') : t('instance.old')}</State>
)
export const StatusState = ({ one }: { one: Brief }) =>
  one.quarantined ? (
    <State mood="bad">{t('instance.quarantined')}</State>
  ) : (
    <State mood={moodOf(one.provisioning)}>{tCode('state', one.provisioning)}</State>
  )
export const HealthState = ({ one }: { one: Brief }) => <State mood={healthMoods[one.health] ?? 'dull'}>{tCode('healthState', one.health)}</State>
export const IntegrityState = ({ one }: { one: Brief }) =>
  one.integrity && one.integrity !== 'none' ? <State mood={integrityMoods[one.integrity] ?? 'dull'}>{tCode('integrity', one.integrity)}</State> : <>–</>
export const PowerState = ({ one }: { one: Brief }) => <State mood={powerMoods[one.power] ?? 'dull'}>{tCode('power', one.power)}</State>
