import { Button } from '@fluentui/react-components'
import { Add20Regular, Delete20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { isTrusted } from '../data/edit'
import { groupOf } from '../data/paths'
import { put, remove } from '../data/send'
import type { Extension, ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { name, t, type MessageKey } from '../i18n/i18n'
import { Confirm } from '../ui/Confirm'
import { HealthExtension } from '../ui/HealthExtension'
import { Rules, WhatIfView } from '../ui/Review'
import type { Take } from '../ui/takeaway'
import { Name, State } from '../ui/ui'

const GUEST_ATTESTATION = { publisher: 'Microsoft.Azure.Security.LinuxAttestation', type: 'GuestAttestation', typeHandlerVersion: '1.0' }

export default function Extensions({ set }: { set: ScaleSet }) {
  const installed = set.properties.virtualMachineProfile.extensionProfile?.extensions ?? []
  const [asking, setAsking] = useState<'attestation' | 'health' | Extension>()
  const has = (type: string) => installed.some(({ properties }) => properties.type === type)
  const close = () => setAsking(undefined)
  return (
    <div className="content">
      <section className="section">
        <h2>{t('ext.installed')}</h2>
        {installed.length === 0 && <p className="quiet">{t('ext.none')}</p>}
        {installed.length > 0 && (
          <div className="grid-wrap" tabIndex={0} role="group" aria-label={t('ext.installed')}>
            <table className="grid">
              <thead>
                <tr>
                  <th scope="col">{t('col.name')}</th>
                  <th scope="col">{t('ext.publisher')}</th>
                  <th scope="col">{t('ext.version')}</th>
                  <th scope="col">{t('col.status')}</th>
                  <th scope="col">
                    <span className="hidden">{name('delete')}</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {installed.map((extension) => (
                  <tr key={extension.name}>
                    <td>
                      {extension.name}
                      <div className="small quiet">{purpose(extension.properties.type)}</div>
                    </td>
                    <td>{extension.properties.publisher}</td>
                    <td>{extension.properties.typeHandlerVersion}</td>
                    <td>
                      <State mood="good">{t('ext.inModel')}</State>
                    </td>
                    <td>
                      <Button
                        size="small"
                        icon={<Delete20Regular />}
                        aria-label={t('ext.remove', { name: extension.name })}
                        title={t('ext.remove', { name: extension.name })}
                        onClick={() => setAsking(extension)}
                      />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section className="section">
        <h2>{t('ext.available')}</h2>
        <div className="cards">
          <article className="card">
            <h3>{t('ext.attestationName')}</h3>
            <p className="small">{t('ext.attestationText')}</p>
            {!has('GuestAttestation') && !isTrusted(set) && <p className="small quiet">{t('config.monitoringNeeds')}</p>}
            <div>
              <Button icon={<Add20Regular />} disabled={has('GuestAttestation')} onClick={() => setAsking('attestation')}>
                {has('GuestAttestation') ? t('ext.added') : t('ext.add', { name: name('guestAttestation') })}
              </Button>
            </div>
          </article>
          <article className="card">
            <h3>{t('ext.healthName')}</h3>
            <p className="small">{t('ext.healthText')}</p>
            <div>
              <Button icon={<Add20Regular />} disabled={has('ApplicationHealthLinux')} onClick={() => setAsking('health')}>
                {has('ApplicationHealthLinux') ? t('ext.added') : t('ext.add', { name: t('ext.healthName') })}
              </Button>
            </div>
          </article>
        </div>
      </section>
      {asking === 'attestation' && <AddAttestation set={set} installed={installed} close={close} />}
      {asking === 'health' && <HealthExtension set={set} close={close} />}
      {typeof asking === 'object' && (
        <Confirm
          title={t('ext.removeAsk', { name: asking.name })}
          take={removal(set, asking.name)}
          act={() => remove(t('ext.remove', { name: asking.name }), set.id, `${set.id}/extensions/${asking.name}`)}
          close={close}
        >
          <p>{t('ext.removeText')}</p>
        </Confirm>
      )}
    </div>
  )
}

const purposes: Record<string, MessageKey> = {
  GuestAttestation: 'ext.attestationName',
  ApplicationHealthLinux: 'ext.healthName',
}
const purpose = (type: string) => {
  const key = purposes[type]
  return key ? t(key) : ''
}

const at = (set: ScaleSet) => `-g ${groupOf(set.id)} --vmss-name ${set.name}`
const removal = (set: ScaleSet, extension: string): Take => ({
  testudo: `testudo vmss extension delete ${at(set)} -n ${extension}`,
  az: `az vmss extension delete ${at(set)} -n ${extension}`,
  rest: { method: 'DELETE', path: `${set.id}/extensions/${extension}` },
})

function AddAttestation({ set, installed, close }: { set: ScaleSet; installed: Extension[]; close: () => void }) {
  const added = { name: 'GuestAttestation', properties: GUEST_ATTESTATION }
  const seen = useWhatIf(set, { properties: { virtualMachineProfile: { extensionProfile: { extensions: [...installed, added] } } } })
  const command = (program: string) =>
    `${program} vmss extension set ${at(set)} \\\n    --publisher ${GUEST_ATTESTATION.publisher} --name GuestAttestation --version ${GUEST_ATTESTATION.typeHandlerVersion}`
  const take: Take = {
    testudo: command('testudo'),
    az: command('az'),
    rest: { method: 'PUT', path: `${set.id}/extensions/GuestAttestation`, body: { properties: GUEST_ATTESTATION } },
    template: {
      type: 'Microsoft.Compute/virtualMachineScaleSets/extensions',
      apiVersion: '2025-04-01',
      name: `${set.name}/GuestAttestation`,
      properties: GUEST_ATTESTATION,
    },
  }
  return (
    <Confirm
      title={t('ext.addAsk', { name: name('guestAttestation') })}
      take={take}
      disabled={seen.result?.status !== 'Accepted'}
      act={() => put(t('ext.add', { name: name('guestAttestation') }), set.id, `${set.id}/extensions/GuestAttestation`, { properties: GUEST_ATTESTATION })}
      close={close}
    >
      <p>
        <Name k="guestAttestation" />: {t('ext.attestationText')}
      </p>
      <Rules seen={seen} />
      <WhatIfView seen={seen} />
    </Confirm>
  )
}
