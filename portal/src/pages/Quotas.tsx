import { Checkbox, ProgressBar, SearchBox } from '@fluentui/react-components'
import { Gauge20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { useUsages } from '../data/paths'
import { name, number, t } from '../i18n/i18n'
import { DataTable } from '../ui/DataTable'
import { Head, Loading, Name, Problem } from '../ui/ui'

export default function Quotas() {
  const { data, error } = useUsages()
  const [text, setText] = useState('')
  const [onlyUsed, setOnlyUsed] = useState(true)
  const shown = data?.filter(
    (usage) => (!onlyUsed || usage.currentValue > 0) && usage.name.localizedValue.toLowerCase().includes(text.trim().toLowerCase()),
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
                { title: t('quotas.quota'), cell: (usage) => <span lang="en">{usage.name.localizedValue}</span> },
                {
                  title: t('quotas.usage'),
                  cell: (usage) => (
                    <ProgressBar
                      className="usage"
                      aria-label={usage.name.localizedValue}
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
