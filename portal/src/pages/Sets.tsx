import { Button, SearchBox } from '@fluentui/react-components'
import { Add20Regular, ArrowClockwise20Regular, Server20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { groupOf, useSets } from '../data/paths'
import type { ScaleSet } from '../data/types'
import { name, t, tCode } from '../i18n/i18n'
import { href, setHref } from '../shell/router'
import { Head, Loading, moodOf, Name, Problem, State } from '../ui/ui'
import { imageText, ModeName, SecurityTypeName } from '../ui/words'

export default function Sets() {
  const { data, error, refresh } = useSets()
  const [filter, setFilter] = useState('')
  const shown = data?.filter((set) => matches(set, filter))
  return (
    <main id="main" className="blade" tabIndex={-1}>
      <Head icon={<Server20Regular width={28} height={28} />} title={<Name k="scaleSets" />} />
      <div className="blade-body">
        <div className="commands">
          <Button appearance="subtle" icon={<Add20Regular />} as="a" href={href('create')}>
            {t('sets.create')}
          </Button>
          <Button appearance="subtle" icon={<ArrowClockwise20Regular />} onClick={refresh}>
            {t('app.refresh')}
          </Button>
        </div>
        {error && <Problem error={error} />}
        {!data && !error && <Loading />}
        {data && shown && (
          <div className="content">
            <div className="row">
              <SearchBox
                placeholder={t('sets.filter')}
                aria-label={t('sets.filter')}
                value={filter}
                onChange={(_, { value }) => setFilter(value)}
              />
              <span className="quiet" role="status">
                {t('sets.count', { n: shown.length })}
              </span>
            </div>
            {data.length === 0 ? <Empty /> : <Table sets={shown} />}
          </div>
        )}
      </div>
    </main>
  )
}

const matches = (set: ScaleSet, filter: string) =>
  [set.name, groupOf(set.id), set.sku.name, imageText(set.properties.virtualMachineProfile.storageProfile.imageReference)]
    .join('\n')
    .toLowerCase()
    .includes(filter.trim().toLowerCase())

function Empty() {
  return (
    <div className="empty">
      <Server20Regular width={48} height={48} />
      <strong>{t('sets.empty')}</strong>
      <span className="quiet">{t('sets.emptyHint')}</span>
    </div>
  )
}

function Table({ sets }: { sets: ScaleSet[] }) {
  return (
    <div className="grid-wrap" tabIndex={0} role="group" aria-label={name('scaleSets')}>
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">{t('col.name')}</th>
            <th scope="col">{t('col.status')}</th>
            <th scope="col" className="num">
              {t('col.instances')}
            </th>
            <th scope="col">{t('col.security')}</th>
            <th scope="col">{t('col.size')}</th>
            <th scope="col">{t('col.image')}</th>
            <th scope="col">{t('col.mode')}</th>
            <th scope="col">{t('col.group')}</th>
          </tr>
        </thead>
        <tbody>
          {sets.map((set) => (
            <tr key={set.id}>
              <td>
                <a href={setHref(groupOf(set.id), set.name)}>{set.name}</a>
              </td>
              <td>
                <State mood={moodOf(set.properties.provisioningState)}>{tCode('state', set.properties.provisioningState)}</State>
              </td>
              <td className="num">{set.sku.capacity}</td>
              <td>
                <SecurityTypeName set={set} />
              </td>
              <td>{set.sku.name}</td>
              <td>{imageText(set.properties.virtualMachineProfile.storageProfile.imageReference)}</td>
              <td>
                <ModeName mode={set.properties.upgradePolicy?.mode} />
              </td>
              <td>{groupOf(set.id)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
