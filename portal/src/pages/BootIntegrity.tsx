import { Button } from '@fluentui/react-components'
import { useState } from 'react'
import { fromBase64, readEventLog } from '../data/eventLog'
import { brief } from '../data/instance'
import { groupOf, useInstances } from '../data/paths'
import { get, list } from '../data/rest'
import { post } from '../data/send'
import { useQuery } from '../data/store'
import type { ScaleSet } from '../data/types'
import { bytes, name, t, tCode, time } from '../i18n/i18n'
import { href, setHref } from '../shell/router'
import { Baselines } from '../ui/Baselines'
import { Confirm } from '../ui/Confirm'
import { DataTable } from '../ui/DataTable'
import { IntegrityState } from '../ui/InstanceStates'
import { Quarantine } from '../ui/Quarantine'
import { Said } from '../ui/said'
import { Loading, Problem } from '../ui/ui'

interface Found {
  state: string
  time?: string
  code?: string
  reason?: string
  reference?: string
  components?: { pcr: number; name: string; kind: string; acceptedBy?: string }[]
  refusedModules?: { name: string; message?: string }[]
  lastVerifiedAt?: string
  eventLogSha256?: string
  evidence?: Record<string, string>
}

const INSTANCES_SHOWN = 300

export default function BootIntegrity({ set, rest }: { set: ScaleSet; rest: string[] }) {
  const { data, error } = useInstances(set.id)
  if (error && !data) return <Problem error={error} />
  if (!data) return <Loading />
  if (rest[0] !== undefined) return <OneInstance set={set} instance={rest[0]} />
  const rows = data.map(brief)
  const monitored = set.properties.virtualMachineProfile.extensionProfile?.extensions?.some(({ properties }) => properties.type === 'GuestAttestation')
  return (
    <div className="content">
      {!monitored && (
        <p className="quiet">
          {t('bi.notMonitored')} <a href={setHref(groupOf(set.id), set.name, 'extensions')}>{name('extensions')}</a>
        </p>
      )}
      <DataTable
        label={name('bootIntegrity')}
        rows={rows.slice(0, INSTANCES_SHOWN)}
        keyOf={({ id }) => id}
        empty={t('instances.none')}
        columns={[
          {
            title: t('instances.instance'),
            cell: (one) => <a href={setHref(groupOf(set.id), set.name, 'bootIntegrity', one.id)}>{one.name}</a>,
          },
          { title: t('bi.verdict'), cell: (one) => <IntegrityState one={one} /> },
        ]}
      />
      <Quarantine set={set} />
      <Baselines set={set} instances={data} />
    </div>
  )
}

function OneInstance({ set, instance }: { set: ScaleSet; instance: string }) {
  const id = `${set.id}/virtualMachines/${instance}`
  const { data, error } = useQuery(`attestation ${id}`, () => get<{ properties: Found }>(`${id}/attestation?$expand=evidence`), [id])
  const { data: before } = useQuery(`attestations ${id}`, () => list<{ name: string; properties: Found }>(`${id}/attestations`), [id])
  // Of what is shown when it is asked for: it may boot anew while the question stands.
  const [approving, setApproving] = useState<{ eventLogSha256?: string }>()
  if (error && !data) return <Problem error={error} />
  if (!data) return <Loading />
  const found = data.properties
  const log = found.evidence?.['eventlog.bin']
  const events = log ? readEventLog(fromBase64(log)) : []
  const again = () => void post(t('bi.attest'), id, `${id}/attest`).catch(() => undefined)
  return (
    <div className="content">
      <div className="row">
        <a href={setHref(groupOf(set.id), set.name, 'bootIntegrity')}>← {name('bootIntegrity')}</a>
      </div>
      <section className="card">
        <h2>{t('bi.of', { instance: `${set.name}_${instance}` })}</h2>
        <strong>{tCode('integrity', found.state)}</strong>
        {found.reason && (
          <p>
            <Said text={found.reason} original />
          </p>
        )}
        {found.components?.length ? (
          <DataTable
            label={t('bi.differs')}
            rows={found.components}
            keyOf={(component) => JSON.stringify(component)}
            empty=""
            columns={[
              { title: t('bi.differs'), cell: (component) => <span className="wrap reason">{component.name}</span> },
              { title: 'PCR', num: true, cell: ({ pcr }) => pcr ?? '–' },
              { title: t('bi.kind'), cell: ({ kind, acceptedBy }) => {
                const difference = tCode('differs', kind)
                return acceptedBy ? t('bi.accepted', { kind: difference, policy: acceptedBy }) : difference
              } },
            ]}
          />
        ) : null}
        {found.reference && (
          <p className="small quiet">
            {t('bi.reference')} <Reference of={found.reference} />
          </p>
        )}
        {found.lastVerifiedAt && (
          <p className="small quiet">
            {t('bi.verified')} {time(found.lastVerifiedAt)}
          </p>
        )}
        <div className="row">
          <Button onClick={again}>{t('bi.attest')}</Button>
          <Button disabled={!events.length} onClick={() => setApproving({ eventLogSha256: found.eventLogSha256 })}>
            {t('bi.approve')}
          </Button>
          <a href={href('images')}>{name('images')}</a>
        </div>
      </section>
      <section className="section">
        <h2>{t('bi.before')}</h2>
        <DataTable
          label={t('bi.before')}
          rows={before ?? []}
          keyOf={({ name: key, properties }) => `${key} ${properties.time ?? ''}`}
          empty={t('bi.none')}
          columns={[
            { title: t('activity.time'), cell: ({ properties }) => time(properties.time) },
            { title: t('bi.verdict'), cell: ({ properties }) => tCode('integrity', properties.state) },
            { title: t('rh.why'), cell: ({ properties }) => <span className="wrap reason">{properties.reason ? <Said text={properties.reason} /> : t('none')}</span> },
          ]}
        />
      </section>
      <section className="section">
        <h2>{t('bi.log')}</h2>
        <DataTable
          label={t('bi.log')}
          rows={events.map((event, at) => ({ ...event, at }))}
          keyOf={({ at }) => String(at)}
          empty={t('bi.noLog')}
          columns={[
            { title: 'PCR', num: true, cell: ({ pcr }) => pcr },
            { title: t('bi.event'), cell: ({ type }) => <span className="mono">{type}</span> },
            { title: t('bi.data'), cell: ({ text }) => <span className="mono wrap reason">{text}</span> },
            { title: 'SHA-256', cell: ({ digest }) => <span className="mono" title={digest}>{digest ? `${digest.slice(0, 16)}…` : '–'}</span> },
          ]}
        />
      </section>
      {approving && (
        <Confirm
          title={t('bi.approveAsk')}
          take={{
            testudo: `testudo attest approve -g ${groupOf(set.id)} -n ${set.name} --instance-id ${instance}`,
            az: '',
            rest: { method: 'POST', path: `${id}/approveBaseline`, body: approving },
          }}
          act={() => post(t('bi.approve'), id, `${id}/approveBaseline`, approving)}
          close={() => setApproving(undefined)}
        >
          <p>{t('bi.approveText')}</p>
        </Confirm>
      )}
    </div>
  )
}

const MIB = 2 ** 20

/** A baseline is named by image and size. */
function Reference({ of }: { of: string }) {
  const [, image, vcpus, mib] = /^(\S+), (\d+) vCPUs, (\d+) MiB$/.exec(of) ?? []
  return image ? `${image}, ${t('size.cores', { n: Number(vcpus) })}, ${bytes(Number(mib) * MIB)}` : <Said text={of} />
}
