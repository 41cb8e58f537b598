import { Button, SearchBox } from '@fluentui/react-components'
import {
  ArrowClockwise20Regular,
  ArrowReset20Regular,
  ArrowSync20Regular,
  ArrowUp20Regular,
  Delete20Regular,
  LockClosed20Regular,
  Play20Regular,
  Power20Regular,
  ShieldTask20Regular,
  Stop20Regular,
} from '@fluentui/react-icons'
import { useMemo, useState, type ReactNode } from 'react'
import { brief, type Brief } from '../data/instance'
import { groupOf, useInstances } from '../data/paths'
import type { Instance, ScaleSet } from '../data/types'
import { name, t, type NameKey } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { AssessDialog } from '../ui/AssessDialog'
import { ActionDialog, ProtectDialog, type Action } from '../ui/InstanceActions'
import { HealthState, IntegrityState, ModelState, PowerState, StatusState } from '../ui/InstanceStates'
import { Said } from '../ui/said'
import { Loading, Name, Problem } from '../ui/ui'

/** A page of the table; more rows than this are asked for by buttons. */
const PAGE = 100

export default function Instances({ set }: { set: ScaleSet }) {
  const { data, error, refresh } = useInstances(set.id)
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const [action, setAction] = useState<Action | 'protect' | 'assess'>()
  const [text, setText] = useState('')
  const [page, setPage] = useState(0)
  const rows = useMemo(() => (data ?? []).map((instance) => ({ instance, one: brief(instance) })), [data])
  const present = rows.filter(({ one }) => picked.has(one.id)).map(({ one }) => one.id).join(' ')
  // The same list as long as the same are picked, whatever else is read anew.
  const ids = useMemo(() => present.split(' ').filter(Boolean), [present])
  if (error && !data) return <Problem error={error} />
  if (!data) return <Loading />
  const wanted = text.trim().toLowerCase()
  const shown = rows.filter(({ instance, one }) => !wanted || words(instance, one).includes(wanted))
  const pages = Math.max(1, Math.ceil(shown.length / PAGE))
  const at = Math.min(page, pages - 1)
  const visible = shown.slice(at * PAGE, (at + 1) * PAGE)
  const all = shown.length > 0 && shown.every(({ one }) => picked.has(one.id))
  const toggle = (id: string) => {
    const next = new Set(picked)
    if (!next.delete(id)) next.add(id)
    setPicked(next)
  }
  const command = (key: Action, icon: ReactElementLike, label: NameKey = key as NameKey) => (
    <Button appearance="subtle" icon={icon} disabled={!ids.length} onClick={() => setAction(key)}>
      <Name k={label} />
    </Button>
  )
  return (
    <>
      <div className="commands">
        {command('start', <Play20Regular />)}
        {command('restart', <ArrowClockwise20Regular />)}
        {command('stop', <Stop20Regular />)}
        {command('deallocate', <Power20Regular />)}
        {command('reimage', <ArrowReset20Regular />)}
        {command('upgrade', <ArrowUp20Regular />)}
        {command('delete', <Delete20Regular />)}
        <Button appearance="subtle" icon={<LockClosed20Regular />} disabled={!ids.length} onClick={() => setAction('protect')}>
          <Name k="protection" />
        </Button>
        <Button appearance="subtle" icon={<ShieldTask20Regular />} disabled={!ids.length} onClick={() => setAction('assess')}>
          {t('assess.command')}
        </Button>
        <span className="bar" />
        <Button appearance="subtle" icon={<ArrowSync20Regular />} onClick={refresh}>
          {t('app.refresh')}
        </Button>
      </div>
      <div className="content">
        <div className="row">
          <SearchBox
            placeholder={t('sets.filter')}
            aria-label={t('sets.filter')}
            value={text}
            onChange={(_, { value }) => {
              setText(value)
              setPage(0)
            }}
          />
          <span className="quiet" role="status">
            {t('instances.count', { n: shown.length, picked: ids.length })}
          </span>
        </div>
        <div className="grid-wrap" tabIndex={0} role="group" aria-label={name('instances')}>
          <table className="grid" aria-label={name('instances')}>
            <thead>
              <tr>
                <th scope="col" className="tick">
                  <input
                    type="checkbox"
                    aria-label={t('instances.all')}
                    checked={all}
                    onChange={() => setPicked(all ? new Set() : new Set(shown.map(({ one }) => one.id)))}
                  />
                </th>
                <th scope="col">{t('instances.instance')}</th>
                <th scope="col">{t('instances.latestModel')}</th>
                <th scope="col">{t('col.status')}</th>
                <th scope="col">{t('instances.health')}</th>
                <th scope="col">{name('bootIntegrity')}</th>
                <th scope="col">{t('instances.power')}</th>
                <th scope="col">{t('col.size')}</th>
                <th scope="col">
                  <Name k="protection" />
                </th>
              </tr>
            </thead>
            <tbody>
              {visible.map(({ instance, one }) => (
                <Row key={one.id} set={set} instance={instance} one={one} picked={picked.has(one.id)} toggle={toggle} />
              ))}
            </tbody>
          </table>
        </div>
        {shown.length === 0 && <p className="quiet">{t('instances.none')}</p>}
        {pages > 1 && (
          <nav className="row" aria-label={t('instances.pages')}>
            <Button size="small" disabled={at === 0} onClick={() => setPage(at - 1)}>
              {t('instances.previous')}
            </Button>
            <span>{t('instances.page', { page: at + 1, pages })}</span>
            <Button size="small" disabled={at === pages - 1} onClick={() => setPage(at + 1)}>
              {t('instances.next')}
            </Button>
          </nav>
        )}
      </div>
      {action === 'assess' && <AssessDialog set={set} ids={ids} close={() => setAction(undefined)} />}
      {action && action !== 'protect' && action !== 'assess' && (
        <ActionDialog set={set} action={action} ids={ids} whole={ids.length === rows.length} close={() => setAction(undefined)} />
      )}
      {action === 'protect' && (
        <ProtectDialog set={set} instances={data.filter(({ instanceId }) => picked.has(instanceId))} close={() => setAction(undefined)} />
      )}
    </>
  )
}

type ReactElementLike = React.ReactElement<object>

const words = (instance: Instance, one: Brief) =>
  [instance.name, one.id, one.power, one.health, one.integrity, one.provisioning, instance.sku?.name].join('\n').toLowerCase()

interface RowProps {
  set: ScaleSet
  instance: Instance
  one: Brief
  picked: boolean
  toggle: (id: string) => void
}

function Row({ set, instance, one, picked, toggle }: RowProps): ReactNode {
  const { protectionPolicy } = instance.properties
  return (
    <tr className={picked ? 'chosen' : undefined}>
      <td className="tick">
        <input type="checkbox" checked={picked} onChange={() => toggle(one.id)} aria-label={instance.name} />
      </td>
      <td>
        <a href={setHref(groupOf(set.id), set.name, 'resourceHealth', one.id)}>{instance.name}</a>
        {one.reason && (
          <div className="small quiet reason">
            <Said text={one.reason} />
          </div>
        )}
      </td>
      <td>
        <ModelState one={one} />
      </td>
      <td>
        <StatusState one={one} />
      </td>
      <td>
        <HealthState one={one} />
      </td>
      <td>
        <IntegrityState one={one} />
      </td>
      <td>
        <PowerState one={one} />
      </td>
      <td>{instance.sku?.name}</td>
      <td>
        {protectionPolicy?.protectFromScaleSetActions
          ? t('protect.actions')
          : protectionPolicy?.protectFromScaleIn
            ? t('protect.scaleIn')
            : t('none')}
      </td>
    </tr>
  )
}
