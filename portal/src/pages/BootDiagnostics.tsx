import { Button, Field, Select, Tab, TabList } from '@fluentui/react-components'
import { useEffect, useRef, useState } from 'react'
import { useInstances } from '../data/paths'
import { request } from '../data/rest'
import type { ScaleSet } from '../data/types'
import { t } from '../i18n/i18n'
import { Loading, State } from '../ui/ui'

const LOOK_AGAIN_MS = 2000

interface Links {
  serialConsoleLogBlobUri?: string
  consoleScreenshotBlobUri?: string
}

/** Signed addresses are absolute; the page asks where it came from. */
const local = (address: string) => {
  const url = new URL(address)
  return url.pathname + url.search
}
const linksOf = async (id: string) => (await request<Links>('POST', `${id}/retrieveBootDiagnosticsData`)).body

export default function BootDiagnostics({ set, rest }: { set: ScaleSet; rest: string[] }) {
  const { data } = useInstances(set.id)
  const [chosen, setChosen] = useState(rest[0])
  const [tab, setTab] = useState('serial')
  if (!data) return <Loading />
  const instance = data.find(({ instanceId }) => instanceId === chosen) ?? data[0]
  if (!instance) return <p className="content quiet">{t('instances.none')}</p>
  return (
    <div className="content">
      <Field label={t('instances.instance')} className="field">
        <Select value={instance.instanceId} onChange={(_, { value }) => setChosen(value)}>
          {data.map(({ instanceId, name }) => (
            <option key={instanceId} value={instanceId}>
              {name}
            </option>
          ))}
        </Select>
      </Field>
      <TabList selectedValue={tab} onTabSelect={(_, { value }) => setTab(value as string)}>
        <Tab value="serial">{t('bd.serial')}</Tab>
        <Tab value="screen">{t('bd.screen')}</Tab>
      </TabList>
      {tab === 'serial' ? <Serial key={instance.id} id={instance.id} /> : <Screen key={instance.id} id={instance.id} />}
    </div>
  )
}

function Serial({ id }: { id: string }) {
  const [text, setText] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const box = useRef<HTMLPreElement>(null)
  useEffect(() => {
    let over = false
    let address: string | undefined
    let timer: ReturnType<typeof setTimeout>
    const look = async () => {
      try {
        address ??= local((await linksOf(id)).serialConsoleLogBlobUri ?? '')
        const answer = await fetch(address)
        if (!answer.ok) {
          address = undefined
          if (!over) setProblem(t('bd.none'))
        } else {
          const said = await answer.text()
          if (over) return
          setProblem(undefined)
          setText((before) => (before === said ? before : said))
        }
      } catch (error) {
        address = undefined
        if (!over) setProblem(error instanceof Error ? error.message : String(error))
      }
      if (!over) timer = setTimeout(() => void look(), LOOK_AGAIN_MS)
    }
    void look()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [id])
  // It is read from its end, unless somebody has scrolled up.
  useEffect(() => {
    const { current } = box
    if (current && current.scrollHeight - current.scrollTop - current.clientHeight < 200) current.scrollTop = current.scrollHeight
  }, [text])
  if (problem && !text) return <State mood="dull">{problem}</State>
  if (text === undefined) return <Loading />
  return (
    <pre className="code serial" ref={box} tabIndex={0} aria-label={t('bd.serial')}>
      {text || t('bd.empty')}
    </pre>
  )
}

function Screen({ id }: { id: string }) {
  const [picture, setPicture] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    let over = false
    let made: string | undefined
    void (async () => {
      try {
        const { consoleScreenshotBlobUri } = await linksOf(id)
        const answer = await fetch(local(consoleScreenshotBlobUri ?? ''))
        if (!answer.ok) throw new Error(t('bd.noScreen'))
        made = URL.createObjectURL(await answer.blob())
        if (over) URL.revokeObjectURL(made)
        else {
          setPicture(made)
          setProblem(undefined)
        }
      } catch (error) {
        if (!over) setProblem(error instanceof Error ? error.message : String(error))
      }
    })()
    return () => {
      over = true
      if (made) URL.revokeObjectURL(made)
    }
  }, [id, asked])
  return (
    <div className="stack">
      <div>
        <Button onClick={() => setAsked(asked + 1)}>{t('app.refresh')}</Button>
      </div>
      {problem ? <State mood="dull">{problem}</State> : picture ? <img className="screen" src={picture} alt={t('bd.screen')} /> : <Loading />}
    </div>
  )
}
