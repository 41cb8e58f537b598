// Small pieces that every page uses.
import { Spinner } from '@fluentui/react-components'
import {
  CheckmarkCircle20Filled,
  Circle20Regular,
  ErrorCircle20Filled,
  SubtractCircle20Regular,
  ArrowSync20Regular,
  Warning20Filled,
} from '@fluentui/react-icons'
import { useEffect, useRef, type ReactNode } from 'react'
import type { ArmError } from '../data/rest'
import { language, name, t, type NameKey } from '../i18n/i18n'

/** A name of the how-to: in Japanese with the English original, which people look for, in small type beside it. */
export function Name({ k }: { k: NameKey }): ReactNode {
  const text = name(k)
  const origin = name(k, 'en')
  if (language() === 'en' || text === origin) return text
  return (
    <>
      {text}{' '}
      <span className="origin" lang="en">
        {origin}
      </span>
    </>
  )
}

/** For a button of which there are several: what it is about, after all that is seen on it. */
export function labelOf(k: NameKey, what: string): string {
  const seen = language() === 'en' || name(k) === name(k, 'en') ? name(k) : `${name(k)} ${name(k, 'en')}`
  return `${seen}: ${what}`
}

export type Mood = 'good' | 'bad' | 'warn' | 'busy' | 'dull' | 'plain'
const moods = {
  good: CheckmarkCircle20Filled,
  bad: ErrorCircle20Filled,
  warn: Warning20Filled,
  busy: ArrowSync20Regular,
  dull: SubtractCircle20Regular,
  plain: Circle20Regular,
}

export function State({ mood, children }: { mood: Mood; children: ReactNode }) {
  const Icon = moods[mood]
  return (
    <span className={`state ${mood}`}>
      <Icon width={16} height={16} />
      <span>{children}</span>
    </span>
  )
}

export const moodOf = (provisioning: string | undefined): Mood => {
  switch (provisioning?.toLowerCase()) {
    case 'succeeded':
      return 'good'
    case 'failed':
      return 'bad'
    case 'canceled':
      return 'warn'
    case undefined:
      return 'dull'
    default:
      return 'busy'
  }
}

export function Loading() {
  return (
    <div className="content">
      <Spinner size="small" label={t('app.loading')} labelPosition="after" />
    </div>
  )
}

export function Problem({ error }: { error: ArmError | Error }) {
  return (
    <div className="content" role="alert">
      <State mood="bad">{'status' in error && error.status === 0 ? t('app.unreachable') : error.message}</State>
    </div>
  )
}

/** The head of a blade. The title takes the focus when a page is gone to, so that screen readers say where one is. */
export function Head({ icon, title, sub, focusKey, children }: { icon: ReactNode; title: ReactNode; sub?: ReactNode; focusKey?: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  useEffect(() => {
    if (first.current) first.current = false
    else heading.current?.focus()
  }, [focusKey])
  return (
    <header className="blade-head">
      <span className="blade-icon">{icon}</span>
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {sub && <div className="small quiet">{sub}</div>}
      </div>
      {children}
    </header>
  )
}

export function Crumbs({ path }: { path: { text: ReactNode; to?: string }[] }) {
  return (
    <nav className="crumbs" aria-label={t('app.breadcrumb')}>
      <ol>
        {path.map(({ text, to }, i) => (
          <li key={i}>
            {to ? <a href={to}>{text}</a> : <span>{text}</span>}
            {i < path.length - 1 && <span aria-hidden="true">›</span>}
          </li>
        ))}
      </ol>
    </nav>
  )
}
