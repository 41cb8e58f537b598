import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, Spinner } from '@fluentui/react-components'
import { useEffect, useState } from 'react'
import { ArmError, request } from '../data/rest'
import type { Assessment, ScaleSet } from '../data/types'
import { t, tCode } from '../i18n/i18n'
import { Said } from './said'
import { State } from './ui'

type Outcome = { found: Assessment } | { problem: string }

/** Asks one instance after the other what of it would not go along with an upgrade. */
export function AssessDialog({ set, ids, close }: { set: ScaleSet; ids: string[]; close: () => void }) {
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map())
  useEffect(() => {
    let over = false
    void (async () => {
      for (const id of ids) {
        let outcome: Outcome
        try {
          outcome = { found: (await request<Assessment>('POST', `${set.id}/virtualMachines/${id}/assess`)).body }
        } catch (error) {
          outcome = { problem: error instanceof ArmError ? error.message : String(error) }
        }
        if (over) return
        setOutcomes((before) => new Map(before).set(id, outcome))
      }
    })()
    return () => {
      over = true
    }
  }, [set.id, ids])
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && close()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{t('assess.title')}</DialogTitle>
          <DialogContent className="stack">
            <p>{t('assess.text')}</p>
            {ids.map((id) => (
              <section key={id}>
                <strong>
                  {set.name}_{id}
                </strong>
                <Result outcome={outcomes.get(id)} />
              </section>
            ))}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" onClick={close}>
              {t('app.close')}
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}

function Result({ outcome }: { outcome?: Outcome }) {
  if (!outcome) return <Spinner size="tiny" label={t('assess.asking')} labelPosition="after" />
  if ('problem' in outcome)
    return (
      <p>
        <State mood="dull">
          <Said text={outcome.problem} />
        </State>
      </p>
    )
  const { refused = [], lockedOut = [], notSeen = [] } = outcome.found
  return (
    <ul className="what-if">
      {[...refused, ...lockedOut].map((one) => (
        <li key={`${one.kind} ${one.name ?? ''} ${one.reason}`}>
          <State mood="warn">
            {tCode('assessKind', one.kind)} {one.name} – <Said text={one.reason} />
          </State>
        </li>
      ))}
      {refused.length + lockedOut.length === 0 && (
        <li>
          <State mood="good">{t('assess.nothing')}</State>
        </li>
      )}
      {notSeen.map((one) => (
        <li key={`${one.kind} ${one.reason}`} className="small quiet">
          {t('assess.notSeen')} {tCode('assessKind', one.kind)} – <Said text={one.reason} />
        </li>
      ))}
    </ul>
  )
}
