import { Button, MessageBar, MessageBarBody, ProgressBar } from '@fluentui/react-components'
import { Dismiss20Regular, Play20Regular } from '@fluentui/react-icons'
import { useEffect, useState } from 'react'
import { groupOf } from '../data/paths'
import { get, list } from '../data/rest'
import { post } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, number, t, tCode, time } from '../i18n/i18n'
import { go, setHref } from '../shell/router'
import { Confirm } from '../ui/Confirm'
import { DataTable } from '../ui/DataTable'
import { WhatIfView } from '../ui/Review'
import { Said } from '../ui/said'
import { Tiles } from '../ui/Tiles'
import { State, type Mood } from '../ui/ui'

interface Roll {
  properties: {
    runningStatus: { code: string; startTime: string; endTime?: string }
    progress: { successfulInstanceCount: number; failedInstanceCount: number; inProgressInstanceCount: number; pendingInstanceCount: number }
    error?: { code: string; message: string }
    testudo?: { targetRevision?: number; batch?: number; phase?: string; warning?: string }
  }
}

const moods: Record<string, Mood> = { RollingForward: 'busy', Completed: 'good', Cancelled: 'warn', Faulted: 'bad' }
const noChange = {}
const SAMPLES_MAX = 600

export default function Rolling({ set }: { set: ScaleSet }) {
  const { data: roll } = useQuery(`roll ${set.id}`, () => get<Roll>(`${set.id}/rollingUpgrades/latest`), [set.id])
  const { data: history } = useQuery(`rolls ${set.id}`, () => list<Roll>(`${set.id}/osUpgradeHistory`), [`${set.id}/rollingUpgrades`])
  const [asking, setAsking] = useState<'start' | 'cancel'>()
  const running = roll?.properties.runningStatus.code === 'RollingForward'
  const at = `-g ${groupOf(set.id)} -n ${set.name}`
  return (
    <>
      <div className="commands">
        <Button appearance="subtle" icon={<Play20Regular />} disabled={running} onClick={() => setAsking('start')}>
          {t('roll.start')}
        </Button>
        <Button appearance="subtle" icon={<Dismiss20Regular />} disabled={!running} onClick={() => setAsking('cancel')}>
          {t('roll.cancel')}
        </Button>
      </div>
      <div className="content">
        {roll ? <Progress roll={roll} /> : <p className="quiet">{t('roll.none')}</p>}
        <section className="section">
          <h2>{t('roll.fleet')}</h2>
          <Tiles id={set.id} open={(instance) => go(setHref(groupOf(set.id), set.name, 'resourceHealth', instance))} told={() => undefined} />
        </section>
        {history && (
          <section className="section">
            <h2>{t('roll.history')}</h2>
            <DataTable
              label={t('roll.history')}
              rows={history.slice(0, 50)}
              keyOf={({ properties }) => properties.runningStatus.startTime}
              empty={t('roll.none')}
              columns={[
                { title: t('roll.began'), cell: ({ properties }) => time(properties.runningStatus.startTime) },
                { title: t('roll.ended'), cell: ({ properties }) => time(properties.runningStatus.endTime) },
                {
                  title: t('col.status'),
                  cell: ({ properties }) => (
                    <State mood={moods[properties.runningStatus.code] ?? 'dull'}>{tCode('roll', properties.runningStatus.code)}</State>
                  ),
                },
                { title: t('roll.done'), num: true, cell: ({ properties }) => number(properties.progress.successfulInstanceCount) },
                { title: t('roll.failed'), num: true, cell: ({ properties }) => number(properties.progress.failedInstanceCount) },
              ]}
            />
          </section>
        )}
      </div>
      {asking === 'start' && <Start set={set} at={at} close={() => setAsking(undefined)} />}
      {asking === 'cancel' && (
        <Confirm
          title={t('roll.cancelAsk')}
          take={{
            testudo: `testudo vmss rolling-upgrade cancel ${at}`,
            az: `az vmss rolling-upgrade cancel ${at}`,
            rest: { method: 'POST', path: `${set.id}/rollingUpgrades/cancel` },
          }}
          act={() => post(t('roll.cancel'), set.id, `${set.id}/rollingUpgrades/cancel`)}
          close={() => setAsking(undefined)}
        >
          <p>{t('roll.cancelText')}</p>
        </Confirm>
      )}
    </>
  )
}

function Start({ set, at, close }: { set: ScaleSet; at: string; close: () => void }) {
  const seen = useWhatIf(set, noChange)
  return (
    <Confirm
      title={t('roll.startAsk')}
      take={{
        testudo: `testudo vmss rolling-upgrade start ${at}`,
        az: `az vmss rolling-upgrade start ${at}`,
        rest: { method: 'POST', path: `${set.id}/osRollingUpgrade` },
      }}
      act={(acknowledged) => post(t('roll.start'), set.id, `${set.id}/osRollingUpgrade`, undefined, acknowledged)}
      close={close}
    >
      <p>{t('roll.startText')}</p>
      <WhatIfView seen={seen} onlyInstances={new Set(seen.result?.instances.map(({ instanceId }) => instanceId))} />
    </Confirm>
  )
}

function Progress({ roll: { properties } }: { roll: Roll }) {
  const { runningStatus, progress, error, testudo } = properties
  const done = progress.successfulInstanceCount
  const total = done + progress.failedInstanceCount + progress.inProgressInstanceCount + progress.pendingInstanceCount
  const running = runningStatus.code === 'RollingForward'
  const [, tick] = useState(0)
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => tick((n) => n + 1), 1000)
    return () => clearInterval(timer)
  }, [running])
  const began = Date.parse(runningStatus.startTime)
  const elapsed = (runningStatus.endTime ? Date.parse(runningStatus.endTime) : Date.now()) - began
  const left = running && done > 0 ? ((total - done - progress.failedInstanceCount) * elapsed) / done : undefined
  return (
    <section className="card" aria-label={name('rolling')}>
      <div className="row">
        <State mood={moods[runningStatus.code] ?? 'dull'}>
          <strong>{tCode('roll', runningStatus.code)}</strong>
        </State>
        {testudo?.targetRevision !== undefined && <span className="quiet">{t('roll.target', { revision: testudo.targetRevision })}</span>}
        {running && testudo?.batch !== undefined && <span className="tag">{t('roll.batch', { batch: testudo.batch })}</span>}
        <span className="end quiet">
          {t('roll.took', { time: spanText(elapsed) })}
          {left !== undefined && ` · ${t('roll.left', { time: spanText(left) })}`}
        </span>
      </div>
      <ProgressBar value={total ? done / total : 1} thickness="large" color={error ? 'error' : running ? 'brand' : 'success'} aria-label={name('rolling')} />
      <p>
        {t('roll.counts', {
          done,
          busy: progress.inProgressInstanceCount,
          waiting: progress.pendingInstanceCount,
          failed: progress.failedInstanceCount,
        })}
      </p>
      <Timeline began={began} done={done} total={total} running={running} />
      {error && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>
            <strong>{error.code}</strong> <Said text={error.message} />
          </MessageBarBody>
        </MessageBar>
      )}
      {testudo?.warning && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <Said text={testudo.warning} />
          </MessageBarBody>
        </MessageBar>
      )}
    </section>
  )
}

/** How many were upgraded when, as far as this page has seen it. */
function Timeline({ began, done, total, running }: { began: number; done: number; total: number; running: boolean }) {
  const [seen, setSeen] = useState<{ began: number; points: [number, number][] }>({ began, points: [[began, 0]] })
  useEffect(() => {
    setSeen((before) => {
      const points = before.began === began ? before.points : ([[began, 0]] as [number, number][])
      if (points.at(-1)?.[1] === done) return before.began === began ? before : { began, points }
      return { began, points: [...points, [Date.now(), done] as [number, number]].slice(-SAMPLES_MAX) }
    })
  }, [began, done])
  const last = seen.points.at(-1)
  if (!running || !last || seen.points.length < 3 || !total) return null
  const span = Math.max(last[0] - began, 1)
  const line = seen.points.map(([at, n]) => `${(((at - began) / span) * 600).toFixed(1)},${(60 - (n / total) * 60).toFixed(1)}`)
  return (
    <svg className="timeline" viewBox="0 0 600 60" preserveAspectRatio="none" role="img" aria-label={t('roll.timeline')}>
      <polyline points={`0,60 ${line.join(' ')} 600,60`} />
    </svg>
  )
}

function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h ? t('span.hours', { h, m }) : m ? t('span.minutes', { m, s }) : t('span.seconds', { s })
}
