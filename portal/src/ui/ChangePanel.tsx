// The end of each edit of the model: what it does, and the button that sends it, or keeps it until a later step makes it valid.
import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, MessageBar, MessageBarBody } from '@fluentui/react-components'
import { useState } from 'react'
import type { Body } from '../data/edit'
import { groupOf } from '../data/paths'
import { dropAll, keep, usePending, withPending, type EditKey, type Pending } from '../data/pending'
import { patchSet } from '../data/send'
import type { ScaleSet } from '../data/types'
import type { Foreseen } from '../data/whatif'
import { name, t, type NameKey } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { asksAcknowledgement, Failed } from './Failed'
import { Rules, Step, TakeAway, WhatIfView } from './Review'
import { takePatch } from './takeaway'
import { Name } from './ui'

interface Props {
  set: ScaleSet
  /** What is edited here. Without a key it is never kept as pending. */
  edit: { key?: EditKey; value: string; body: Body } | null
  seen: Foreseen
  /** The word on the button. */
  word: 'apply' | 'yes' | 'save'
  /** Targets of rules that are shown beside their field already. */
  besideField?: RegExp
  title: string
  done: () => void
}

export function ChangePanel({ set, edit, seen, word, besideField, title, done }: Props) {
  const pending = usePending(set.id)
  const [asking, setAsking] = useState(false)
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<unknown>()
  const [acknowledged, setAcknowledged] = useState(false)
  const [kept, setKept] = useState(false)
  if (!edit)
    return (
      <aside className="panel" aria-label={t('panel.title')}>
        <h2>{t('panel.title')}</h2>
        <p className="quiet">{kept ? t('pending.kept') : t('panel.nothing')}</p>
      </aside>
    )
  const others = pending.filter(({ key }) => key !== edit.key)
  const body = withPending(pending, edit.body, edit.key)
  const accepted = seen.result?.status === 'Accepted'
  const waits = !accepted && !!edit.key && !!seen.completion
  const mode = body.properties?.upgradePolicy?.mode ?? set.properties.upgradePolicy?.mode ?? 'Manual'
  const destroys = word !== 'yes' && mode !== 'Manual' && !!seen.result?.instances.some(({ lost }) => lost.length)
  const blocked = asksAcknowledgement(error) && !acknowledged
  const send = async () => {
    setSending(true)
    setError(undefined)
    try {
      await patchSet(title, set, body, acknowledged)
      dropAll(set.id)
      setAsking(false)
      done()
    } catch (thrown) {
      setError(thrown)
    } finally {
      setSending(false)
    }
  }
  const press = () => {
    if (waits && edit.key) {
      keep(set.id, { key: edit.key, value: edit.value, body: edit.body } satisfies Pending)
      setKept(true)
      done()
    } else if (destroys && !asking) setAsking(true)
    else void send()
  }
  const take = takePatch({ group: groupOf(set.id), name: set.name, id: set.id, location: set.location }, body)
  return (
    <aside className="panel" aria-label={t('panel.title')}>
      <h2>{t('panel.title')}</h2>
      {others.length > 0 && (
        <p className="small">
          {t('pending.with')}{' '}
          {others.map(({ key, value }) => (
            <span key={key} className="block">
              <Step k={key} />: {value}
            </span>
          ))}
        </p>
      )}
      <Rules seen={seen} not={besideField} link={(page) => setHref(groupOf(set.id), set.name, page)} />
      {waits && seen.completion && (
        <MessageBar intent="info" layout="multiline">
          <MessageBarBody>
            {t('pending.validWith')}{' '}
            {seen.completion.map((key) => (
              <span key={key} className="block">
                <Step k={key} />
              </span>
            ))}
            {t('pending.willKeep', { apply: name(word as NameKey) })}
          </MessageBarBody>
        </MessageBar>
      )}
      <WhatIfView seen={seen} />
      {!asking && <Failed error={error} acknowledged={acknowledged} acknowledge={setAcknowledged} />}
      <div className="row">
        <Button appearance="primary" disabled={(!accepted && !waits) || sending || blocked} onClick={press}>
          <Name k={word} />
        </Button>
        <Button disabled={sending} onClick={done}>
          {word === 'yes' ? <Name k="no" /> : t('panel.discard')}
        </Button>
      </div>
      <TakeAway take={take} />
      <Dialog open={asking} onOpenChange={(_, { open }) => setAsking(open)}>
        <DialogSurface>
          <DialogBody>
            <DialogTitle>{t('panel.destroys')}</DialogTitle>
            <DialogContent>
              <WhatIfView seen={seen} />
              <Failed error={error} acknowledged={acknowledged} acknowledge={setAcknowledged} />
            </DialogContent>
            <DialogActions>
              <Button appearance="primary" disabled={sending || blocked} onClick={() => void send()}>
                <Name k="yes" />
              </Button>
              <Button onClick={() => setAsking(false)}>
                <Name k="no" />
              </Button>
            </DialogActions>
          </DialogBody>
        </DialogSurface>
      </Dialog>
    </aside>
  )
}
