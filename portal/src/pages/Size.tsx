import { SearchBox, Select, Checkbox, Field } from '@fluentui/react-components'
import { useMemo, useState } from 'react'
import { sizeBody } from '../data/edit'
import { useImages, useSizes, useUsages } from '../data/paths'
import { usePending, withPending } from '../data/pending'
import { familyText, quotaLeft, seriesOf, sizeOf, type Size } from '../data/sizes'
import type { ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, number, t } from '../i18n/i18n'
import { ChangePanel } from '../ui/ChangePanel'
import { Rules } from '../ui/Review'
import { Loading, Name, Problem, State } from '../ui/ui'

const OWN = /^sku/

export default function SizePage({ set }: { set: ScaleSet }) {
  const { data: skus, error } = useSizes()
  const { data: usages } = useUsages()
  const { data: images } = useImages()
  const pending = usePending(set.id)
  const [chosen, setChosen] = useState<string>()
  const [text, setText] = useState('')
  const [series, setSeries] = useState('')
  const [onlyTrusted, setOnlyTrusted] = useState(false)
  const sizes = useMemo(() => (skus ?? []).map(sizeOf).filter((size) => size.vCpus > 0), [skus])
  const edit = chosen && chosen !== set.sku.name ? { key: 'size' as const, value: chosen, body: sizeBody(chosen) } : null
  const seen = useWhatIf(set, edit && withPending(pending, edit.body, 'size'), images)
  const allSeries = useMemo(() => [...new Set(sizes.map(seriesOf))].sort(), [sizes])
  if (error && !skus) return <Problem error={error} />
  if (!skus) return <Loading />
  const waiting = pending.find(({ key }) => key === 'size')?.value
  const shown = sizes.filter(
    (size) =>
      size.name === set.sku.name ||
      (size.name.toLowerCase().includes(text.trim().toLowerCase()) && (!series || seriesOf(size) === series) && (!onlyTrusted || size.trustedLaunch)),
  )
  return (
    <div className="split">
      <div className="content">
        <h2 className="section-title">
          <Name k="changeSize" />
        </h2>
        <div className="row">
          <SearchBox placeholder={t('size.search')} aria-label={t('size.search')} value={text} onChange={(_, { value }) => setText(value)} />
          <Field label={t('size.family')} orientation="horizontal" className="compact">
            <Select value={series} onChange={(_, { value }) => setSeries(value)}>
              <option value="">{t('size.allFamilies')}</option>
              {allSeries.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </Select>
          </Field>
          <Checkbox label={name('tlSupported')} checked={onlyTrusted} onChange={(_, { checked }) => setOnlyTrusted(checked === true)} />
        </div>
        <Rules seen={seen} of={OWN} />
        <Table sizes={shown} set={set} chosen={chosen ?? waiting ?? set.sku.name} choose={setChosen} left={(size) => quotaLeft(usages, size.family)} />
      </div>
      <ChangePanel
        set={set}
        edit={edit}
        seen={seen}
        word="apply"
        besideField={OWN}
        title={t('size.title', { size: chosen ?? '' })}
        done={() => setChosen(undefined)}
      />
    </div>
  )
}

interface TableProps {
  sizes: Size[]
  set: ScaleSet
  chosen: string
  choose: (name: string) => void
  left: (size: Size) => number | undefined
}

function Table({ sizes, set, chosen, choose, left }: TableProps) {
  return (
    <div className="grid-wrap tall" tabIndex={0} role="group" aria-label={name('size')}>
      <table className="grid" aria-label={name('size')}>
        <thead>
          <tr>
            <th scope="col" className="tick">
              <span className="hidden">{t('choose')}</span>
            </th>
            <th scope="col">{t('col.size')}</th>
            <th scope="col">{t('size.family')}</th>
            <th scope="col" className="num">
              vCPU
            </th>
            <th scope="col" className="num">
              {t('size.memory')}
            </th>
            <th scope="col">{name('trustedLaunch')}</th>
            <th scope="col">{t('size.generations')}</th>
            <th scope="col" className="num">
              {t('size.dataDisks')}
            </th>
            <th scope="col" className="num">
              {t('size.quotaLeft')}
            </th>
          </tr>
        </thead>
        <tbody>
          {sizes.map((size) => {
            const current = size.name === set.sku.name
            const remaining = left(size)
            return (
              <tr key={size.name} className={size.name === chosen ? 'chosen' : undefined} onClick={() => choose(size.name)}>
                <td className="tick">
                  <input
                    type="radio"
                    name="size"
                    checked={size.name === chosen}
                    onChange={() => choose(size.name)}
                    aria-label={size.name}
                  />
                </td>
                <td>
                  {size.name} {current && <span className="tag">{t('current')}</span>}
                </td>
                <td>{familyText(size.family)}</td>
                <td className="num">{size.vCpus}</td>
                <td className="num">{number(size.memoryGb)} GiB</td>
                <td>
                  <State mood={size.trustedLaunch ? 'good' : 'dull'}>{size.trustedLaunch ? t('supported') : t('notSupported')}</State>
                </td>
                <td>{size.generations.replaceAll('V', 'Gen').replace(',', ', ')}</td>
                <td className="num">{size.dataDisks}</td>
                <td className="num">{remaining === undefined ? '–' : t('size.cores', { n: remaining })}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
