import { Field, Input, Select } from '@fluentui/react-components'
import { useState } from 'react'
import { groupOf } from '../data/paths'
import { put } from '../data/send'
import type { ScaleSet } from '../data/types'
import { t } from '../i18n/i18n'
import { Confirm } from './Confirm'

const PUBLISHER = 'Microsoft.ManagedServices'
const TYPE = 'ApplicationHealthLinux'

/** Asks how the application says that it is well. */
export function HealthExtension({ set, close }: { set: ScaleSet; close: () => void }) {
  const [protocol, setProtocol] = useState('http')
  const [port, setPort] = useState('8080')
  const [path, setPath] = useState('/health')
  const settings = { protocol, port: Number(port), ...(protocol === 'tcp' ? {} : { requestPath: path }) }
  const properties = { publisher: PUBLISHER, type: TYPE, typeHandlerVersion: '1.0', settings }
  const portOk = Number.isInteger(settings.port) && settings.port > 0 && settings.port < 65536
  const command = (program: string) =>
    `${program} vmss extension set -g ${groupOf(set.id)} --vmss-name ${set.name} \\\n    --publisher ${PUBLISHER} --name ${TYPE} --version 1.0 --settings '${JSON.stringify(settings)}'`
  return (
    <Confirm
      title={t('ext.addAsk', { name: t('ext.healthName') })}
      disabled={!portOk || (protocol !== 'tcp' && !path.startsWith('/'))}
      take={{ testudo: command('testudo'), az: command('az'), rest: { method: 'PUT', path: `${set.id}/extensions/${TYPE}`, body: { properties } } }}
      act={() => put(t('ext.add', { name: t('ext.healthName') }), set.id, `${set.id}/extensions/${TYPE}`, { properties })}
      close={close}
    >
      <Field label={t('health.protocol')}>
        <Select value={protocol} onChange={(_, { value }) => setProtocol(value)}>
          <option value="http">HTTP</option>
          <option value="https">HTTPS</option>
          <option value="tcp">TCP</option>
        </Select>
      </Field>
      <Field label={t('health.port')} validationMessage={portOk ? undefined : t('health.portBad')}>
        <Input type="number" min={1} max={65535} value={port} onChange={(_, { value }) => setPort(value)} />
      </Field>
      {protocol !== 'tcp' && (
        <Field label={t('health.path')}>
          <Input value={path} onChange={(_, { value }) => setPath(value)} />
        </Field>
      )}
    </Confirm>
  )
}
