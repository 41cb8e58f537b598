// Beside every change: what it would do to which instance, which rule refuses it, and how it is made without the portal.
import { Button, MessageBar, MessageBarBody, Spinner, Tab, TabList } from '@fluentui/react-components'
import { ChevronDown20Regular, ChevronRight20Regular, Copy20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import type { Foreseen } from '../data/whatif'
import { violations } from '../data/whatif'
import type { EditKey } from '../data/pending'
import type { Change, WhatIf } from '../data/types'
import { name, t, tCode, type MessageKey, type NameKey } from '../i18n/i18n'
import { Said } from './said'
import type { Take } from './takeaway'
import { Name, State } from './ui'

const order: Change[] = ['reimage', 'delete', 'redeploy', 'restart', 'inPlace', 'create', 'nothing']
const steps: Record<EditKey, NameKey[]> = {
  size: ['availability', 'size'],
  image: ['settings', 'os'],
  security: ['settings', 'configuration'],
}

export const Step = ({ k }: { k: EditKey }) => (
  <>
    <Name k={steps[k][0] as NameKey} /> › <Name k={steps[k][1] as NameKey} />
  </>
)

/** The rules that refuse a change, as far as they are about one of these members; all without `of`. */
export function Rules({ seen, of, not, link }: { seen: Foreseen; of?: RegExp; not?: RegExp; link?: (page: string) => string }) {
  const broken = violations(seen.result).filter(({ target }) => (!of || of.test(target ?? '')) && !(not && not.test(target ?? '')))
  if (!broken.length) return null
  return (
    <div role="alert" className="stack rules">
      {broken.map(({ message, target }) => {
        const page = link && pageOf(target)
        return (
          <State key={message} mood={seen.completion ? 'warn' : 'bad'}>
            <Said text={message} original />
            {page && (
              <>
                {' '}
                <a href={link(page.page)}>{name(page.label)}</a>
              </>
            )}
          </State>
        )
      })}
    </div>
  )
}

const pagesOf: [RegExp, { page: string; label: NameKey }][] = [
  [/^sku/, { page: 'size', label: 'size' }],
  [/imageReference/, { page: 'os', label: 'os' }],
  [/securityProfile/, { page: 'configuration', label: 'configuration' }],
  [/extension/, { page: 'extensions', label: 'extensions' }],
  [/upgradePolicy/, { page: 'upgradePolicy', label: 'upgradePolicy' }],
]
const pageOf = (target: string | undefined) => pagesOf.find(([pattern]) => pattern.test(target ?? ''))?.[1]

export function WhatIfView({ seen, onlyInstances }: { seen: Foreseen; onlyInstances?: Set<string> }) {
  if (seen.loading) return <Spinner size="tiny" label={t('whatif.loading')} labelPosition="after" />
  if (seen.error)
    return (
      <div role="alert">
        <State mood="bad">
          <Said text={seen.error.message} />
        </State>
      </div>
    )
  if (!seen.result) return null
  const { result } = seen
  return (
    <div className="stack">
      <Summary result={result} only={onlyInstances} />
      {!onlyInstances && (
        <p className="small">
          <Said text={result.when} />
        </p>
      )}
    </div>
  )
}

function Summary({ result, only }: { result: WhatIf; only?: Set<string> }) {
  const instances = only ? result.instances.filter(({ instanceId }) => only.has(instanceId)) : result.instances
  const lost = [...new Set(instances.flatMap((instance) => instance.lost))]
  const warnings = result.warnings.filter((warning) => !lost.includes(warning) && !(only && !lost.length && warning.startsWith('OS disk')))
  const groups = order
    .map((change) => ({ change, of: instances.filter((instance) => instance.change === change) }))
    .filter(({ of }) => of.length)
  return (
    <>
      {result.summary.create > 0 && !only && <span>{t('whatif.create', { n: result.summary.create })}</span>}
      <ul className="what-if">
        {groups.map(({ change, of }) => (
          <li key={change}>
            <strong>{tCode('change', change)}</strong> {t('whatif.instances', { n: of.length })}
            <span className="quiet"> {of.length > 12 ? `${of.slice(0, 12).map((one) => one.instanceId).join(', ')}, …` : of.map((one) => one.instanceId).join(', ')}</span>
            <div className="small quiet">
              {[...new Set(of.flatMap((one) => one.parts))].map((part, i) => (
                <span key={part}>
                  {i > 0 && t('list.comma')}
                  <Said text={part} />
                </span>
              ))}
            </div>
          </li>
        ))}
        {groups.length === 0 && <li>{t('whatif.nobody')}</li>}
      </ul>
      {lost.length > 0 && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <strong>{t('whatif.lost')}</strong>
            {lost.map((text) => (
              <div key={text}>
                <Said text={text} />
              </div>
            ))}
          </MessageBarBody>
        </MessageBar>
      )}
      <Assessed instances={instances} />
      {warnings.map((text) => (
        <MessageBar key={text} intent="info" layout="multiline">
          <MessageBarBody>
            <Said text={text} />
          </MessageBarBody>
        </MessageBar>
      ))}
    </>
  )
}

/** What is known of the inside of instances that the change would not leave as it is. */
function Assessed({ instances }: { instances: WhatIf['instances'] }) {
  const asked = instances.filter(({ assessment }) => assessment)
  if (!asked.length) return null
  const found = asked.flatMap(({ instanceId, assessment }) =>
    [...(assessment?.refused ?? []), ...(assessment?.lockedOut ?? [])].map((one) => ({ instanceId, ...one })),
  )
  const unknown = asked.filter(({ assessment }) => assessment?.status === 'NotAssessed').length
  return (
    <div className="small">
      {found.length > 0 && (
        <MessageBar intent="warning" layout="multiline">
          <MessageBarBody>
            <strong>{t('assess.found')}</strong>
            {found.slice(0, 20).map((one) => (
              <div key={`${one.instanceId} ${one.kind} ${one.name ?? ''}`}>
                {one.instanceId}: {tCode('assessKind', one.kind)} {one.name} <Said text={one.reason} />
              </div>
            ))}
          </MessageBarBody>
        </MessageBar>
      )}
      {unknown > 0 && <p className="quiet">{t('assess.unknown', { n: unknown })}</p>}
    </div>
  )
}

type Way = 'testudo' | 'az' | 'rest' | 'template'
const ways: [Way, MessageKey][] = [
  ['testudo', 'take.testudo'],
  ['az', 'take.az'],
  ['rest', 'take.rest'],
  ['template', 'take.template'],
]

/** The same change to take away. */
export function TakeAway({ take }: { take: Take }) {
  // No <details>: within a dialog, Fluent's focus handling does not get past its summary.
  const [open, setOpen] = useState(false)
  return (
    <div className="take">
      <Button
        appearance="transparent"
        className="take-toggle"
        icon={open ? <ChevronDown20Regular /> : <ChevronRight20Regular />}
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {t('take.title')}
      </Button>
      {open && <Taken take={take} />}
    </div>
  )
}

function Taken({ take }: { take: Take }) {
  const [way, setWay] = useState<Way>('testudo')
  const [copied, setCopied] = useState(false)
  const text = {
    testudo: take.testudo,
    az: take.az,
    rest: `${take.rest.method} ${take.rest.path}?api-version=${take.rest.version ?? '2025-04-01'}${take.rest.body === undefined ? '' : `\n\n${JSON.stringify(take.rest.body, null, 2)}`}`,
    template: take.template === undefined ? '' : JSON.stringify(take.template, null, 2),
  }
  const copy = () =>
    void navigator.clipboard.writeText(text[way]).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 2000)
    })
  return (
    <>
      <TabList size="small" selectedValue={way} onTabSelect={(_, { value }) => setWay(value as Way)}>
        {ways
          .filter(([key]) => text[key])
          .map(([key, label]) => (
            <Tab key={key} value={key}>
              {t(label)}
            </Tab>
          ))}
      </TabList>
      <div className="take-body">
        <pre className="code" tabIndex={0}>
          {text[way]}
        </pre>
        <Button size="small" icon={<Copy20Regular />} onClick={copy}>
          <span aria-live="polite">{copied ? t('take.copied') : t('take.copy')}</span>
        </Button>
      </div>
    </>
  )
}
