// Sentences of the API, said in the language of the page. The API speaks English; what is not known in sentences.ts stays as it is.
import { language } from '../i18n/i18n'
import { translate } from './sentences'

/** original: show what the API said, too, so that it can be looked for. */
export function Said({ text, original = false }: { text: string; original?: boolean }) {
  if (language() === 'en') return text
  const said = translate(text)
  if (!said) return <span lang="en">{text}</span>
  if (!original) return said
  return (
    <>
      {said}
      <span className="small quiet" lang="en" style={{ display: 'block' }}>
        {text}
      </span>
    </>
  )
}
