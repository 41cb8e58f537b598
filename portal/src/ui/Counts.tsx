import { number, tCode } from '../i18n/i18n'

/** How many instances are in which state. */
export function Counts({ counts }: { counts: { code: string; count: number }[] }) {
  if (!counts.length) return null
  return (
    <ul className="counts">
      {counts.map(({ code, count }) => (
        <li key={code}>
          <strong>{number(count)}</strong> {tCode('code', code)}
        </li>
      ))}
    </ul>
  )
}
