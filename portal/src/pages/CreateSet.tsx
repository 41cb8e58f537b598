import { Button, Checkbox, Field, Input, Select } from '@fluentui/react-components'
import { Server20Regular } from '@fluentui/react-icons'
import { useEffect, useMemo, useState } from 'react'
import { merge, trustedBody } from '../data/edit'
import { offered, withoutSecureBoot, type ChosenImage } from '../data/latest'
import { groupId, here, setId, useGroups, useImages, useSizes, useUsages } from '../data/paths'
import { request, ArmError } from '../data/rest'
import { follow } from '../data/operations'
import { quotaLeft, sizeOf } from '../data/sizes'
import type { Mode, WhatIf } from '../data/types'
import { violations } from '../data/whatif'
import { name, t } from '../i18n/i18n'
import { go, href, setHref } from '../shell/router'
import { CapacityField } from '../ui/CapacityField'
import { Rules, TakeAway } from '../ui/Review'
import { Crumbs, Head, Name, State } from '../ui/ui'
import { modeText, securityTypeText } from '../ui/words'

const CHOOSING_MS = 300
const NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9_])?$/
const GROUP = 'default'

const urn = ({ publisher, offer, sku, version }: ChosenImage) => [publisher, offer, sku, version].join(':')
const optionText = (image: ChosenImage) =>
  [`${urn(image)}${image.stands ? ` (${image.stands})` : ''} – ${image.generation.replace('V', 'Gen')}`, ...(image.trustedLaunch ? [withoutSecureBoot(image) ? t('os.unsignedOption') : name('trustedLaunch')] : [])].join(', ')

export default function CreateSet() {
  const { data: groups } = useGroups()
  const { data: catalogue } = useImages()
  const { data: skus } = useSizes()
  const { data: usages } = useUsages()
  const [typed, setTyped] = useState({ group: '', name: '', image: '', size: '', capacity: 2, mode: 'Manual' as Mode, orchestration: 'Uniform', trusted: true, secureBoot: true, vtpm: true })
  const [checked, setChecked] = useState<WhatIf>()
  const [error, setError] = useState<string>()
  const [sending, setSending] = useState(false)
  const sizes = useMemo(() => (skus ?? []).map(sizeOf).filter(({ vCpus, architecture }) => vCpus > 0 && architecture === 'x64'), [skus])
  const images = useMemo(() => catalogue && offered(catalogue), [catalogue])
  const image = images?.find((one) => urn(one) === typed.image) ?? images?.[0]
  const size = sizes.find((one) => one.name === typed.size) ?? sizes.find((one) => one.name === 'Standard_B1ms') ?? sizes[0]
  const group = typed.group || groups?.[0]?.name || GROUP
  const body = image &&
    size && {
      location: here().location,
      sku: { name: size.name, capacity: typed.capacity },
      properties: merge(
        {
          orchestrationMode: typed.orchestration,
          upgradePolicy: { mode: typed.mode },
          virtualMachineProfile: {
            storageProfile: { imageReference: { publisher: image.publisher, offer: image.offer, sku: image.sku, version: image.version } },
          },
        },
        (typed.trusted ? (trustedBody(typed.secureBoot, typed.vtpm).properties ?? {}) : {}) as object,
      ),
    }
  const nameOk = NAME.test(typed.name)
  const id = setId(group, typed.name || 'new')
  const key = JSON.stringify([id, body])
  useEffect(() => {
    if (!body || !groups?.some((one) => one.name === group)) return
    let over = false
    const timer = setTimeout(
      () =>
        void request<WhatIf>('POST', `${id}/whatIf`, body).then(
          (answer) => !over && setChecked(answer.body),
          () => !over && setChecked(undefined),
        ),
      CHOOSING_MS,
    )
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [key, groups])
  const put = <K extends keyof typeof typed>(member: K, value: (typeof typed)[K]) => setTyped({ ...typed, [member]: value })
  const create = async () => {
    setSending(true)
    setError(undefined)
    try {
      if (!groups?.some((one) => one.name === group)) await request('PUT', groupId(group), { location: here().location })
      const answer = await request('PUT', id, body, { 'If-None-Match': '*' })
      follow(t('create.title2', { name: typed.name }), id, answer.operation)
      go(setHref(group, typed.name))
    } catch (thrown) {
      setError(thrown instanceof ArmError && thrown.status === 412 ? t('create.exists') : thrown instanceof Error ? thrown.message : String(thrown))
      setSending(false)
    }
  }
  const seen = { loading: false, result: checked }
  const left = size && quotaLeft(usages, size.family)
  const command = (program: string) =>
    image && size
      ? [
          `${program} vmss create -g ${group} -n ${typed.name || 'NAME'}`,
          `--image ${urn(image)}`,
          `--vm-sku ${size.name} --instance-count ${typed.capacity}`,
          `--orchestration-mode ${typed.orchestration} --upgrade-policy-mode ${typed.mode}`,
          ...(typed.trusted ? [`--security-type TrustedLaunch --enable-secure-boot ${typed.secureBoot} --enable-vtpm ${typed.vtpm}`] : ['--security-type Standard']),
        ].join(' \\\n    ')
      : ''
  return (
    <main id="main" className="blade" tabIndex={-1}>
      <Crumbs path={[{ text: name('scaleSets'), to: href() }, { text: t('create.title') }]} />
      <Head icon={<Server20Regular width={28} height={28} />} title={t('create.title')} />
      <div className="blade-body">
        <form
          className="content narrow"
          onSubmit={(event) => {
            event.preventDefault()
            if (nameOk && !violations(checked).length) void create()
          }}
        >
          <Field label={t('col.group')} className="field" hint={t('create.groupHint')}>
            <Input value={typed.group} placeholder={group} list="groups" onChange={(_, { value }) => put('group', value)} />
          </Field>
          <datalist id="groups">{groups?.map((one) => <option key={one.name} value={one.name} />)}</datalist>
          <Field label={t('col.name')} required className="field" validationMessage={typed.name && !nameOk ? t('create.badName') : undefined}>
            <Input value={typed.name} onChange={(_, { value }) => put('name', value)} />
          </Field>
          <Field label={t('overview.orchestration')} className="field">
            <Select value={typed.orchestration} onChange={(_, { value }) => put('orchestration', value)}>
              <option value="Uniform">{name('uniform')}</option>
              <option value="Flexible">{name('flexible')}</option>
            </Select>
          </Field>
          <Field label={<Name k="securityType" />} className="field">
            <Select value={typed.trusted ? 'TrustedLaunch' : 'Standard'} onChange={(_, { value }) => put('trusted', value === 'TrustedLaunch')}>
              <option value="TrustedLaunch">{securityTypeText('TrustedLaunch')}</option>
              <option value="Standard">{securityTypeText('Standard')}</option>
            </Select>
          </Field>
          <Rules seen={seen} of={/securityProfile/} />
          {typed.trusted && (
            <div>
              <Checkbox label={<Name k="enableSecureBoot" />} checked={typed.secureBoot} onChange={(_, { checked: on }) => put('secureBoot', on === true)} />
              <Checkbox label={<Name k="enableVtpm" />} checked={typed.vtpm} onChange={(_, { checked: on }) => put('vtpm', on === true)} />
            </div>
          )}
          <Field label={t('col.image')} className="field" hint={image?.stands && t('os.latestStays')}>
            <Select value={image ? urn(image) : ''} onChange={(_, { value }) => put('image', value)}>
              {images?.map((one) => (
                <option key={urn(one)} value={urn(one)}>
                  {optionText(one)}
                </option>
              ))}
            </Select>
          </Field>
          {image && withoutSecureBoot(image) && typed.trusted && typed.secureBoot && <State mood="warn">{t('warn.unsigned')}</State>}
          <Rules seen={seen} of={/imageReference/} />
          <Field label={<Name k="size" />} className="field">
            <Select value={size?.name ?? ''} onChange={(_, { value }) => put('size', value)}>
              {sizes.map((one) => (
                <option key={one.name} value={one.name}>
                  {`${one.name} – ${one.vCpus} vCPU, ${one.memoryGb} GiB${one.trustedLaunch ? `, ${name('trustedLaunch')}` : ''}`}
                </option>
              ))}
            </Select>
          </Field>
          <CapacityField value={typed.capacity} size={size} left={left} change={(capacity) => put('capacity', capacity)} />
          <Rules seen={seen} of={/^sku/} />
          <Field label={t('col.mode')} className="field">
            <Select value={typed.mode} onChange={(_, { value }) => put('mode', value as Mode)}>
              {(['Manual', 'Automatic', 'Rolling'] as const).map((mode) => (
                <option key={mode} value={mode}>
                  {modeText(mode)}
                </option>
              ))}
            </Select>
          </Field>
          <Rules seen={seen} not={/securityProfile|imageReference|^sku/} />
          {error && <div role="alert">{error}</div>}
          <div className="row">
            <Button appearance="primary" type="submit" disabled={!nameOk || !body || sending || violations(checked).length > 0}>
              {t('sets.create')}
            </Button>
            <Button onClick={() => go(href())}>{t('panel.discard')}</Button>
          </div>
          {body && (
            <TakeAway
              take={{
                testudo: command('testudo'),
                az: command('az'),
                rest: { method: 'PUT', path: id, body },
                template: { type: 'Microsoft.Compute/virtualMachineScaleSets', apiVersion: '2025-04-01', name: typed.name, ...body },
              }}
            />
          )}
        </form>
      </div>
    </main>
  )
}
