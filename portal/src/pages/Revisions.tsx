import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf, useRevisions } from '../data/paths'
import { dropAll } from '../data/pending'
import { post } from '../data/send'
import type { Revision, ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t, time } from '../i18n/i18n'
import { Confirm } from '../ui/Confirm'
import { DataTable } from '../ui/DataTable'
import { Rules, WhatIfView } from '../ui/Review'
import { Loading } from '../ui/ui'
import { imageText, securityTypeText } from '../ui/words'

export default function Revisions({ set }: { set: ScaleSet }) {
  const { data } = useRevisions(set.id)
  const [to, setTo] = useState<Revision>()
  if (!data) return <Loading />
  return (
    <div className="content">
      <p className="quiet">{t('revisions.explain')}</p>
      <DataTable
        label={name('revisions')}
        rows={data}
        keyOf={({ name: number }) => number}
        empty=""
        columns={[
          {
            title: t('revisions.number'),
            num: true,
            cell: ({ properties }) => (
              <>
                {properties.current && <span className="tag">{t('current')}</span>} {properties.revision}
              </>
            ),
          },
          { title: t('revisions.time'), cell: ({ properties }) => time(properties.timeCreated) },
          { title: t('col.instances'), num: true, cell: ({ properties }) => properties.instanceCount },
          { title: t('col.size'), cell: ({ sku }) => sku.name },
          { title: t('col.image'), cell: ({ properties }) => imageText(properties.imageReference) },
          { title: t('col.security'), cell: ({ properties }) => securityTypeText(properties.securityProfile?.securityType ?? 'Standard') },
          {
            title: <span className="hidden">{name('rollBack')}</span>,
            cell: (revision) =>
              !revision.properties.current && (
                <Button size="small" onClick={() => setTo(revision)} aria-label={t('revisions.backTo', { revision: revision.properties.revision })}>
                  {name('rollBack')}
                </Button>
              ),
          },
        ]}
      />
      {to && <Back set={set} to={to.properties.revision} close={() => setTo(undefined)} />}
    </div>
  )
}

function Back({ set, to, close }: { set: ScaleSet; to: number; close: () => void }) {
  const seen = useWhatIf(set, { rollbackTo: to })
  const title = t('revisions.backTo', { revision: to })
  return (
    <Confirm
      title={title}
      disabled={seen.result?.status !== 'Accepted'}
      take={{
        testudo: `testudo vmss rollback -g ${groupOf(set.id)} -n ${set.name} --to ${to}`,
        az: '',
        rest: { method: 'POST', path: `${set.id}/rollback`, body: { revision: to } },
      }}
      act={async (acknowledged) => {
        await post(title, set.id, `${set.id}/rollback`, { revision: to }, acknowledged)
        dropAll(set.id)
      }}
      close={close}
    >
      <Rules seen={seen} />
      <WhatIfView seen={seen} />
    </Confirm>
  )
}
