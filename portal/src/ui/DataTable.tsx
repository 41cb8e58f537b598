import type { ReactNode } from 'react'

export interface Column<T> {
  title: ReactNode
  cell: (row: T) => ReactNode
  num?: boolean
}

/** A plain table of a few hundred rows at the most. */
export function DataTable<T>({ rows, columns, keyOf, empty, label }: { rows: T[]; columns: Column<T>[]; keyOf: (row: T) => string; empty: string; label: string }) {
  if (!rows.length) return <p className="quiet">{empty}</p>
  return (
    <div className="grid-wrap" tabIndex={0} role="group" aria-label={label}>
      <table className="grid" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ title, num }, i) => (
              <th key={i} scope="col" className={num ? 'num' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ cell, num }, i) => (
                <td key={i} className={num ? 'num' : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
