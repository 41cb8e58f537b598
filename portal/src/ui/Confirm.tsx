import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle } from '@fluentui/react-components'
import { useState, type ReactNode } from 'react'
import { asksAcknowledgement, Failed } from './Failed'
import { TakeAway } from './Review'
import type { Take } from './takeaway'
import { Name } from './ui'

interface Props {
  title: ReactNode
  take?: Take
  children: ReactNode
  /** Sends it; what it throws is shown, and the dialog stays. */
  act: (acknowledged: boolean) => Promise<void>
  close: () => void
  disabled?: boolean
}

/** Asks Yes or No before something is done. */
export function Confirm({ title, take, children, act, close, disabled = false }: Props) {
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<unknown>()
  const [acknowledged, setAcknowledged] = useState(false)
  const yes = async () => {
    setSending(true)
    setError(undefined)
    try {
      await act(acknowledged)
      close()
    } catch (thrown) {
      setError(thrown)
      setSending(false)
    }
  }
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && close()}>
      <DialogSurface>
        <DialogBody>
          <DialogTitle>{title}</DialogTitle>
          <DialogContent className="stack">
            {children}
            <Failed error={error} acknowledged={acknowledged} acknowledge={setAcknowledged} />
            {take && <TakeAway take={take} />}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={sending || disabled || (asksAcknowledgement(error) && !acknowledged)} onClick={() => void yes()}>
              <Name k="yes" />
            </Button>
            <Button disabled={sending} onClick={close}>
              <Name k="no" />
            </Button>
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  )
}
