import { Button, Checkbox, SearchBox } from '@fluentui/react-components'
import { ArrowUndo20Regular, Edit20Regular } from '@fluentui/react-icons'
import { useState } from 'react'
import { autoBody, imageBody, merge } from '../data/edit'
import { withLatest, withoutSecureBoot, type ChosenImage } from '../data/latest'
import { groupOf, useImages, useRevisions, type CatalogueImage } from '../data/paths'
import { usePending, withPending } from '../data/pending'
import type { ImageReference, ScaleSet } from '../data/types'
import { useWhatIf } from '../data/whatif'
import { bytes, name, t, time } from '../i18n/i18n'
import { setHref } from '../shell/router'
import { ChangePanel } from '../ui/ChangePanel'
import { Rules } from '../ui/Review'
import { Loading, Name, Problem, State } from '../ui/ui'
import { imageText } from '../ui/words'

const OWN = /storageProfile\.imageReference|automaticOSUpgradePolicy/
const urn = (image: ImageReference) => [image.publisher, image.offer, image.sku, image.version].join(':')

export default function OperatingSystem({ set, rest }: { set: ScaleSet; rest: string[] }) {
  const { data: images, error } = useImages()
  const pending = usePending(set.id)
  const [open, setOpen] = useState(rest[0] === 'change')
  const [chosen, setChosen] = useState<ChosenImage>()
  const [auto, setAuto] = useState<boolean>()
  const present = set.properties.virtualMachineProfile.storageProfile.imageReference
  const autoNow = set.properties.upgradePolicy?.automaticOSUpgradePolicy?.enableAutomaticOSUpgrade ?? false
  const other = chosen && present && !isPresent(chosen, present) ? imageBody(chosen) : undefined
  const follow = auto !== undefined && auto !== autoNow ? autoBody(auto) : undefined
  const edit = present && (other ?? follow) ? { key: 'image' as const, value: urn(chosen ?? present), body: merge(other ?? {}, follow ?? {}) } : null
  const latest = (chosen ?? present)?.version === 'latest'
  const seen = useWhatIf(set, edit && withPending(pending, edit.body, 'image'), images)
  const known = images?.find((image) => image.sku === present?.sku && image.offer === present?.offer && image.version === present?.exactVersion)
  return (
    <div className={open ? 'split' : ''}>
      <div className="content">
        <dl className="essentials">
          <div>
            <dt>{t('os.reference')}</dt>
            <dd>{imageText(present)}</dd>
          </div>
          <div>
            <dt>{t('os.generation')}</dt>
            <dd>{known ? known.generation.replace('V', 'Gen') : '–'}</dd>
          </div>
          <div>
            <dt>
              <Name k="trustedLaunch" />
            </dt>
            <dd>{known && <Supported image={known} />}</dd>
          </div>
          <div>
            <dt>{t('os.kind')}</dt>
            <dd>{set.properties.virtualMachineProfile.storageProfile.osDisk?.osType ?? 'Linux'}</dd>
          </div>
        </dl>
        {!open && (
          <div>
            <Button icon={<Edit20Regular />} onClick={() => setOpen(true)}>
              <Name k="changeImage" />
            </Button>
          </div>
        )}
        {open && (
          <section className="section">
            <h2>
              <Name k="seeAllImages" />
            </h2>
            {error && !images && <Problem error={error} />}
            {!images && !error && <Loading />}
            <Rules seen={seen} of={OWN} />
            {images && (
              <Chooser
                images={images}
                present={present}
                chosen={chosen ?? waitingFor(pending) ?? present}
                choose={setChosen}
                set={set}
              />
            )}
            {(latest || autoNow) && (
              <>
                <Checkbox label={t('policy.auto')} checked={auto ?? autoNow} onChange={(_, { checked }) => setAuto(checked === true)} />
                <p className="small quiet note">
                  {latest && t((auto ?? autoNow) ? 'os.latestFollows' : 'os.latestStays')} {t('policy.autoText')}{' '}
                  <a href={setHref(groupOf(set.id), set.name, 'upgradePolicy')}>{name('upgradePolicy')}</a>
                </p>
              </>
            )}
          </section>
        )}
      </div>
      {open && (
        <ChangePanel
          set={set}
          edit={edit}
          seen={seen}
          word="apply"
          besideField={OWN}
          title={t('os.title', { image: chosen ? urn(chosen) : '' })}
          done={() => {
            setChosen(undefined)
            setAuto(undefined)
          }}
        />
      )}
    </div>
  )
}

const waitingFor = (pending: ReturnType<typeof usePending>) =>
  pending.find(({ key }) => key === 'image')?.body.properties?.virtualMachineProfile?.storageProfile?.imageReference

/** `latest` is asked for anew where it stands for another version than when it was settled. */
const isPresent = (image: ChosenImage, present: ImageReference) =>
  urn(image) === urn(present) && (!image.stands || image.stands === present.exactVersion)

export const Supported = ({ image }: { image: CatalogueImage }) =>
  withoutSecureBoot(image) ? (
    <State mood="warn">{t('os.unsigned')}</State>
  ) : (
    <State mood={image.trustedLaunch ? 'good' : 'dull'}>{image.trustedLaunch ? name('tlSupported') : t('notSupported')}</State>
  )

interface ChooserProps {
  images: CatalogueImage[]
  present?: ImageReference
  chosen?: ImageReference
  choose: (image: ChosenImage) => void
  set: ScaleSet
}

function Chooser({ images, present, chosen, choose, set }: ChooserProps) {
  const [text, setText] = useState('')
  const [only, setOnly] = useState(false)
  const { data: revisions } = useRevisions(set.id)
  const shown = withLatest(images).filter((image) => urn(image).toLowerCase().includes(text.trim().toLowerCase()) && (!only || image.trustedLaunch))
  const before = revisions?.find(
    ({ properties: { imageReference } }) => imageReference && present && urn({ ...imageReference, version: imageReference.exactVersion }) !== urn({ ...present, version: present.exactVersion }),
  )
  const beforeUrn = before?.properties.imageReference && urn({ ...before.properties.imageReference, version: before.properties.imageReference.exactVersion })
  return (
    <>
      <div className="row">
        <SearchBox placeholder={t('os.search')} aria-label={t('os.search')} value={text} onChange={(_, { value }) => setText(value)} />
        <Checkbox label={name('tlSupported')} checked={only} onChange={(_, { checked }) => setOnly(checked === true)} />
      </div>
      <div className="grid-wrap tall" tabIndex={0} role="group" aria-label={t('col.image')}>
        <table className="grid" aria-label={t('col.image')}>
          <thead>
            <tr>
              <th scope="col" className="tick">
                <span className="hidden">{t('choose')}</span>
              </th>
              <th scope="col">{t('col.image')}</th>
              <th scope="col">{t('os.version')}</th>
              <th scope="col">{t('os.generation')}</th>
              <th scope="col">{name('trustedLaunch')}</th>
              <th scope="col" className="num">
                {t('os.size')}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((image) => {
              const own = urn(image)
              // What was settled of `latest` is a version: it is the one that is run, and not the one that is chosen.
              const current = present && (own === urn({ ...present, version: present.exactVersion }) || isPresent(image, present))
              const selected = !!chosen && (chosen === present ? isPresent(image, chosen) : own === urn(chosen))
              return (
                <tr key={own} className={selected ? 'chosen' : undefined} onClick={() => choose(image)}>
                  <td className="tick">
                    <input type="radio" name="image" checked={selected} onChange={() => choose(image)} aria-label={own} />
                  </td>
                  <td>
                    {image.publisher}:{image.offer}:{image.sku} {current && <span className="tag">{t('current')}</span>}
                    {own === beforeUrn && before && (
                      <span className="tag" title={t('os.lastKnownGood', { revision: before.properties.revision, time: time(before.properties.timeCreated) })}>
                        <ArrowUndo20Regular width={12} height={12} /> {t('os.before', { revision: before.properties.revision })}
                      </span>
                    )}
                  </td>
                  <td>{image.stands ? `latest (${image.stands})` : image.version}</td>
                  <td>{image.generation.replace('V', 'Gen')}</td>
                  <td className="supported">
                    <Supported image={image} />
                  </td>
                  <td className="num">{bytes(image.sizeInBytes)}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </>
  )
}
