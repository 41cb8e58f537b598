// One scale set: its menu, what is pending, and the page that is shown.
import { Button, Input, MessageBar, MessageBarActions, MessageBarBody } from '@fluentui/react-components'
import {
  Board20Regular,
  Branch20Regular,
  ChevronDown20Regular,
  DocumentText20Regular,
  Drawer20Regular,
  HeartPulse20Regular,
  History20Regular,
  Layer20Regular,
  Pulse20Regular,
  PuzzlePiece20Regular,
  Resize20Regular,
  ScaleFill20Regular,
  Search20Regular,
  Server20Regular,
  Settings20Regular,
  Shield20Regular,
  ShieldCheckmark20Regular,
  Timeline20Regular,
  WindowConsole20Regular,
} from '@fluentui/react-icons'
import { lazy, memo, Suspense, useEffect, useState, type ComponentType, type LazyExoticComponent, type ReactNode } from 'react'
import { setId, useSet } from '../data/paths'
import { drop, dropAll, usePending } from '../data/pending'
import { holds } from '../data/edit'
import type { ScaleSet } from '../data/types'
import { name, t } from '../i18n/i18n'
import { Step } from '../ui/Review'
import { Crumbs, Head, Loading, Name, Problem } from '../ui/ui'
import { finds, groups, type Entry } from './menu'
import { href, setHref } from './router'

export type SetPage = ComponentType<{ set: ScaleSet; rest: string[] }>

const pages: Record<string, LazyExoticComponent<SetPage>> = {
  overview: lazy(() => import('../pages/Overview')),
  size: lazy(() => import('../pages/Size')),
  os: lazy(() => import('../pages/OperatingSystem')),
  configuration: lazy(() => import('../pages/Configuration')),
  instances: lazy(() => import('../pages/Instances')),
  extensions: lazy(() => import('../pages/Extensions')),
  activity: lazy(() => import('../pages/Activity')),
  scaling: lazy(() => import('../pages/Scaling')),
  disks: lazy(() => import('../pages/Disks')),
  upgradePolicy: lazy(() => import('../pages/UpgradePolicy')),
  health: lazy(() => import('../pages/HealthRepair')),
  revisions: lazy(() => import('../pages/Revisions')),
  rolling: lazy(() => import('../pages/Rolling')),
  security: lazy(() => import('../pages/Security')),
  bootIntegrity: lazy(() => import('../pages/BootIntegrity')),
  resourceHealth: lazy(() => import('../pages/ResourceHealth')),
  bootDiagnostics: lazy(() => import('../pages/BootDiagnostics')),
}

const icons: Record<string, ReactNode> = {
  overview: <Server20Regular />,
  activity: <DocumentText20Regular />,
  instances: <Board20Regular />,
  size: <Resize20Regular />,
  scaling: <ScaleFill20Regular />,
  os: <Layer20Regular />,
  configuration: <Settings20Regular />,
  disks: <Drawer20Regular />,
  extensions: <PuzzlePiece20Regular />,
  upgradePolicy: <Branch20Regular />,
  health: <HeartPulse20Regular />,
  revisions: <History20Regular />,
  rolling: <Timeline20Regular />,
  security: <Shield20Regular />,
  bootIntegrity: <ShieldCheckmark20Regular />,
  resourceHealth: <Pulse20Regular />,
  bootDiagnostics: <WindowConsole20Regular />,
}

const labels = new Map(groups.flatMap(({ entries }) => entries.map((entry) => [entry.page, entry] as const)))

export default function SetShell({ group, setName, page, rest }: { group: string; setName: string; page: string; rest: string[] }) {
  const id = setId(group, setName)
  const { data: set, error } = useSet(id)
  const entry = labels.get(page)
  const Page = pages[page]
  const title = entry ? name(entry.label) : ''
  useEffect(() => {
    document.title = `${setName} | ${title} – Testudo`
  }, [setName, title])
  return (
    <main id="main" className="blade" tabIndex={-1}>
      <Crumbs path={[{ text: name('scaleSets'), to: href() }, { text: setName, ...(page === 'overview' ? {} : { to: setHref(group, setName) }) }]} />
      <Head
        icon={icons[page] ?? <Server20Regular />}
        focusKey={page}
        title={
          <>
            {setName}
            {entry && (
              <>
                {' '}
                <span className="divider">|</span> <Name k={entry.label} />
              </>
            )}
          </>
        }
        sub={t('set.kind')}
      />
      <div className="blade-main">
        <SetMenu group={group} set={setName} page={page} />
        <div className="blade-body">
          {set && <PendingBar set={set} />}
          {error && !set && <Problem error={error} />}
          {error && set && <div className="banner" role="status">{t('app.unreachable')}</div>}
          {!set && !error && <Loading />}
          {set && (
            <Suspense fallback={<Loading />}>
              {Page ? <Page key={`${id} ${page}`} set={set} rest={rest} /> : <div className="content">{t('app.notFound')}</div>}
            </Suspense>
          )}
        </div>
      </div>
    </main>
  )
}

/** It does not change with what the set does. */
const SetMenu = memo(function SetMenu({ group, set, page }: { group: string; set: string; page: string }) {
  const [filter, setFilter] = useState('')
  const [open, setOpen] = useState(false)
  useEffect(() => setOpen(false), [page])
  const shown = groups
    .map(({ label, entries }) => ({ label, entries: entries.filter((entry) => entry.page in pages && (!filter.trim() || finds(entry, filter))) }))
    .filter(({ entries }) => entries.length)
  const item = ({ page: to, label }: Entry) => (
    <li key={to}>
      <a href={setHref(group, set, to)} aria-current={to === page ? 'page' : undefined}>
        {icons[to]}
        <span>
          <Name k={label} />
        </span>
      </a>
    </li>
  )
  return (
    <>
      <Button
        className="menu-toggle"
        icon={<ChevronDown20Regular />}
        iconPosition="after"
        appearance="subtle"
        aria-expanded={open}
        aria-controls="set-menu"
        onClick={() => setOpen(!open)}
      >
        {t('app.menu')}
      </Button>
      <nav className="menu" id="set-menu" aria-label={t('set.menu', { set })} data-open={open}>
        <Input
          size="small"
          type="search"
          contentBefore={<Search20Regular width={16} height={16} />}
          placeholder={t('set.search')}
          aria-label={t('set.search')}
          value={filter}
          onChange={(_, { value }) => setFilter(value)}
        />
        {shown.map(({ label, entries }) =>
          label ? (
            <section key={label}>
              <h2>
                <Name k={label} />
              </h2>
              <ul>{entries.map(item)}</ul>
            </section>
          ) : (
            <ul key="top">{entries.map(item)}</ul>
          ),
        )}
        {shown.length === 0 && (
          <p className="found quiet" role="status">
            {t('set.nothingFound')}
          </p>
        )}
      </nav>
    </>
  )
})

function PendingBar({ set }: { set: ScaleSet }) {
  const pending = usePending(set.id)
  // What somebody else has done meanwhile is pending no more.
  const done = pending.filter(({ body }) => holds(set, body))
  useEffect(() => {
    for (const { key } of done) drop(set.id, key)
  })
  if (!pending.length) return null
  return (
    <MessageBar intent="warning" layout="multiline" className="pending">
      <MessageBarBody>
        <strong>{t('pending.title')}</strong> {t('pending.explain')}
        <ul>
          {pending.map(({ key, value }) => (
            <li key={key}>
              <Step k={key} />: <strong>{value}</strong>
            </li>
          ))}
        </ul>
      </MessageBarBody>
      <MessageBarActions>
        <Button size="small" as="a" href={setHref(set.id.split('/')[4] ?? '', set.name, 'configuration')}>
          {name('configuration')}
        </Button>
        <Button size="small" onClick={() => dropAll(set.id)}>
          {t('panel.discard')}
        </Button>
      </MessageBarActions>
    </MessageBar>
  )
}

