import { Button, Field, Input, Link } from '@fluentui/react-components'
import { useState, type FormEvent } from 'react'
import { signInByCode, signInByToken, SignInError } from '../data/session'
import { t } from '../i18n/i18n'

export function SignIn() {
  const [way, setWay] = useState<'code' | 'token'>('code')
  const [secret, setSecret] = useState('')
  const [problem, setProblem] = useState<SignInError['reason']>()
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!secret.trim() || busy) return
    setBusy(true)
    setProblem(undefined)
    try {
      await (way === 'code' ? signInByCode(secret) : signInByToken(secret))
    } catch (error) {
      setProblem(error instanceof SignInError ? error.reason : 'unreachable')
      setBusy(false)
    }
  }
  const other = () => {
    setWay(way === 'code' ? 'token' : 'code')
    setSecret('')
    setProblem(undefined)
  }
  const said = problem && { code: t('signIn.badCode'), token: t('signIn.badToken'), unreachable: t('signIn.unreachable') }[problem]
  return (
    <main id="main" className="sign-in" tabIndex={-1}>
      <form className="sign-in-card" onSubmit={(event) => void submit(event)}>
        <div>
          <h1>{t('signIn.title')}</h1>
          <p className="quiet">{t('signIn.about')}</p>
        </div>
        <Field
          key={way}
          label={way === 'code' ? t('signIn.code') : t('signIn.token')}
          hint={way === 'code' ? t('signIn.codeHint') : t('signIn.tokenHint')}
          validationMessage={said}
          validationState={said ? 'error' : 'none'}
        >
          <Input
            autoFocus
            name={way}
            type={way === 'code' ? 'text' : 'password'}
            autoComplete="off"
            value={secret}
            onChange={(_, { value }) => setSecret(value)}
          />
        </Field>
        <Button appearance="primary" type="submit" disabled={busy || !secret.trim()}>
          {t('signIn.title')}
        </Button>
        <Link as="button" type="button" onClick={other}>
          {way === 'code' ? t('signIn.useToken') : t('signIn.useCode')}
        </Link>
      </form>
    </main>
  )
}
