import { Layer20Regular } from '@fluentui/react-icons'
import { useImages } from '../data/paths'
import { bytes, name, t } from '../i18n/i18n'
import { DataTable } from '../ui/DataTable'
import { Head, Loading, Name, Problem } from '../ui/ui'
import { Supported } from './OperatingSystem'

export default function Images() {
  const { data, error } = useImages()
  return (
    <main id="main" className="blade" tabIndex={-1}>
      <Head icon={<Layer20Regular width={28} height={28} />} title={<Name k="images" />} />
      <div className="blade-body">
        {error && !data && <Problem error={error} />}
        {!data && !error && <Loading />}
        {data && (
          <div className="content">
            <p className="quiet">{t('images.import')}</p>
            <DataTable
              label={name('images')}
              rows={data}
              keyOf={({ path }) => path}
              empty={t('images.none')}
              columns={[
                { title: t('col.image'), cell: (image) => `${image.publisher}:${image.offer}:${image.sku}` },
                { title: t('os.version'), cell: ({ version }) => version },
                { title: t('os.generation'), cell: ({ generation }) => generation.replace('V', 'Gen') },
                { title: <Name k="trustedLaunch" />, cell: (image) => <Supported image={image} /> },
                { title: t('images.architecture'), cell: ({ architecture }) => architecture },
                { title: t('images.agent'), cell: ({ guestAgent }) => (guestAgent ? t('yes') : t('no')) },
                { title: t('os.size'), num: true, cell: ({ sizeInBytes }) => bytes(sizeInBytes) },
              ]}
            />
          </div>
        )}
      </div>
    </main>
  )
}
