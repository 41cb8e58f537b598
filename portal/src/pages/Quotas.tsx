import { Checkbox, ProgressBar, SearchBox } from '@fluentui/react-components'
import { Gauge20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useUsages } from '../data/paths'
import type { Usage } from '../data/types'
import { name, number, t } from '../i18n/i18n'
import { DataTable } from '../ui/DataTable'
import { Head, Loading, Name, Problem } from '../ui/ui'

/** The API says it in English alone; a family keeps the name that it has. */
function quotaText({ value, localizedValue }: Usage['name']): string {
  if (value === 'cores') return t('quotas.regional')
  if (value === 'virtualMachines') return t('quotas.machines')
  if (value === 'virtualMachineScaleSets') return name('scaleSets')
  const [, family] = /^(.+) Family vCPUs$/.exec(localizedValue) ?? []
  return family ? t('quotas.family', { family }) : localizedValue
}

export default function Quotas() {
  const { data, error } = useUsages()
  const [text, setText] = useState('')
  const [onlyUsed, setOnlyUsed] = useState(true)
  const shown = data?.filter(
    (usage) => (!onlyUsed || usage.currentValue > 0) && quotaText(usage.name).toLowerCase().includes(text.trim().toLowerCase()),
  )
  return (
    <main id="main" className="blade" tabIndex={-1}>
      <Head icon={<Gauge20Regular width={28} height={28} />} title={<Name k="quotas" />} />
      <div className="blade-body">
        {error && !data && <Problem error={error} />}
        {!data && !error && <Loading />}
        {shown && (
          <div className="content">
            <div className="row">
              <SearchBox placeholder={t('sets.filter')} aria-label={t('sets.filter')} value={text} onChange={(_, { value }) => setText(value)} />
              <Checkbox label={t('quotas.used')} checked={onlyUsed} onChange={(_, { checked }) => setOnlyUsed(checked === true)} />
            </div>
            <DataTable
              label={name('quotas')}
              rows={shown}
              keyOf={(usage) => usage.name.value}
              empty={t('quotas.none')}
              columns={[
                { title: t('quotas.quota'), cell: (usage) => quotaText(usage.name) },
                {
                  title: t('quotas.usage'),
                  cell: (usage) => (
                    <ProgressBar
                      className="usage"
                      aria-label={quotaText(usage.name)}
                      value={usage.limit ? usage.currentValue / usage.limit : 0}
                      color={usage.currentValue > usage.limit * 0.9 ? 'error' : 'brand'}
                    />
                  ),
                },
                { title: t('quotas.inUse'), num: true, cell: (usage) => number(usage.currentValue) },
                { title: t('quotas.limit'), num: true, cell: (usage) => number(usage.limit) },
                { title: t('size.quotaLeft'), num: true, cell: (usage) => number(usage.limit - usage.currentValue) },
              ]}
            />
          </div>
        )}
      </div>
    </main>
  )
}
