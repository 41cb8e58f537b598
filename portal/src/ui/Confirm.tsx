import { Button, Dialog, DialogActions, DialogBody, DialogContent, DialogSurface, DialogTitle, MessageBar, MessageBarBody } from '@fluentui/react-components'
import { useState, type ReactNode } from 'react'
import { TakeAway } from './Review'
import type { Take } from './takeaway'
import { Name } from './ui'

interface Props {
  title: ReactNode
  take?: Take
  children: ReactNode
  /** Sends it; what it throws is shown, and the dialog stays. */
  act: () => Promise<void>
  close: () => void
  disabled?: boolean
}

/** Asks Yes or No before something is done. */
export function Confirm({ title, take, children, act, close, disabled = false }: Props) {
  const [sending, setSending] = useState(false)
  const [error, setError] = useState<string>()
  const yes = async () => {
    setSending(true)
    setError(undefined)
    try {
      await act()
      close()
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown.message : String(thrown))
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
            {error && (
              <div role="alert">
                <MessageBar intent="error" layout="multiline">
                  <MessageBarBody>{error}</MessageBarBody>
                </MessageBar>
              </div>
            )}
            {take && <TakeAway take={take} />}
          </DialogContent>
          <DialogActions>
            <Button appearance="primary" disabled={sending || disabled} onClick={() => void yes()}>
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
