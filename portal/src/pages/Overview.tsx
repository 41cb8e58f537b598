import { Button, Link, ProgressBar } from '@fluentui/react-components'
import { ArrowClockwise20Regular, Delete20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { groupOf, useSetView } from '../data/paths'
import { reload } from '../data/store'
import type { ScaleSet } from '../data/types'
import { name, t, tCode, time } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { moodOf, Name, State } from '../ui/ui'
import { imageText, modeText, securityTypeOf, securityTypeText } from '../ui/words'
import { Counts } from '../ui/Counts'
import { DeleteSet } from '../ui/DeleteSet'

export default function Overview({ set }: { set: ScaleSet }) {
  const [deleting, setDeleting] = useState(false)
  const { data: view } = useSetView(set.id)
  const { properties } = set
  const profile = properties.virtualMachineProfile
  const uefi = profile.securityProfile?.uefiSettings
  const group = groupOf(set.id)
  const latest = view?.latestModel
  const monitored = profile.extensionProfile?.extensions?.some(({ properties: { type } }) => type === 'GuestAttestation') ?? false
  const trusted = securityTypeOf(set) === 'TrustedLaunch'
  const link = (page: string, text: string) => <Link href={setHref(group, set.name, page)}>{text}</Link>
  return (
    <>
      <div className="commands">
        <Button appearance="subtle" icon={<ArrowClockwise20Regular />} onClick={reload}>
          {t('app.refresh')}
        </Button>
        <Button appearance="subtle" icon={<Delete20Regular />} onClick={() => setDeleting(true)}>
          <Name k="delete" />
        </Button>
      </div>
      {deleting && <DeleteSet set={set} close={() => setDeleting(false)} />}
      <div className="content">
        <section className="section" aria-labelledby="essentials">
          <h2 id="essentials">{t('overview.essentials')}</h2>
          <dl className="essentials">
            <Item term={t('col.group')}>{group}</Item>
            <Item term={t('col.status')}>
              <State mood={moodOf(properties.provisioningState)}>{tCode('state', properties.provisioningState)}</State>
            </Item>
            <Item term={t('overview.location')}>{set.location}</Item>
            <Item term={<Name k="size" />}>{link('size', set.sku.name)}</Item>
            <Item term={<Name k="os" />}>{link('os', imageText(profile.storageProfile.imageReference))}</Item>
            <Item term={t('overview.orchestration')}>{name(properties.orchestrationMode === 'Flexible' ? 'flexible' : 'uniform')}</Item>
            <Item term={t('col.mode')}>{link('upgradePolicy', modeText(properties.upgradePolicy?.mode))}</Item>
            <Item term={t('overview.revision')}>{properties.revision}</Item>
            <Item term={t('overview.created')}>{time(properties.timeCreated)}</Item>
          </dl>
        </section>
        <div className="cards">
          <section className="card" aria-labelledby="sec">
            <h3 id="sec">
              <Name k="security" />
            </h3>
            <dl className="facts">
              <Item term={<Name k="securityType" />}>{link('configuration', securityTypeText(securityTypeOf(set)))}</Item>
              <Item term={<Name k="secureBoot" />}>
                <Switched on={trusted && (uefi?.secureBootEnabled ?? false)} />
              </Item>
              <Item term={<Name k="vtpm" />}>
                <Switched on={trusted && (uefi?.vTpmEnabled ?? true)} />
              </Item>
              <Item term={<Name k="integrityMonitoring" />}>{link('extensions', monitored ? t('enabled') : t('disabled'))}</Item>
            </dl>
          </section>
          <section className="card" aria-labelledby="ins">
            <h3 id="ins">
              <Name k="instances" />
            </h3>
            {latest && (
              <>
                <p>{link('instances', t('overview.onModel', { n: latest.instanceCount, total: latest.totalCount }))}</p>
                <ProgressBar
                  value={latest.instanceCount}
                  max={Math.max(latest.totalCount, 1)}
                  color={latest.instanceCount === latest.totalCount ? 'success' : 'brand'}
                  thickness="large"
                  aria-label={t('overview.onModel', { n: latest.instanceCount, total: latest.totalCount })}
                />
                {latest.instanceCount < latest.totalCount && (properties.upgradePolicy?.mode ?? 'Manual') === 'Manual' && (
                  <p className="small quiet">{t('overview.manualHint')}</p>
                )}
              </>
            )}
            <Counts counts={view?.virtualMachine?.statusesSummary ?? []} />
          </section>
        </div>
      </div>
    </>
  )
}

const Item = ({ term, children }: { term: React.ReactNode; children: React.ReactNode }) => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
)

const Switched = ({ on }: { on: boolean }) => <State mood={on ? 'good' : 'dull'}>{on ? t('enabled') : t('disabled')}</State>
