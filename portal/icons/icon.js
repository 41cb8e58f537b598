import { createElement, forwardRef } from 'react'

/** One icon: an SVG in the colour of the text around it. Without a label it is decoration. */
export function icon(name, width, paths) {
  const box = width === '1em' ? '20' : width
  const Icon = forwardRef(function Icon({ className, filled: _filled, primaryFill, title, ...rest }, ref) {
    const labelled = title || rest['aria-label'] || rest['aria-labelledby']
    return createElement(
      'svg',
      {
        fill: primaryFill ?? 'currentColor',
        className: className ? `fui-Icon ${className}` : 'fui-Icon',
        width,
        height: width,
        viewBox: `0 0 ${box} ${box}`,
        xmlns: 'http://www.w3.org/2000/svg',
        ref,
        ...(labelled ? { role: 'img' } : { 'aria-hidden': true }),
        ...rest,
      },
      title && createElement('title', null, title),
      ...paths.map((d, i) => createElement('path', { key: i, d })),
    )
  })
  Icon.displayName = name
  return Icon
}

export const iconFilledClassName = 'fui-Icon-filled'
export const iconRegularClassName = 'fui-Icon-regular'

/** Both forms, of which base.css shows one: components turn to the filled one under the pointer. */
export function bundleIcon(Filled, Regular) {
  function Bundle({ className, filled, ...rest }) {
    const form = (Icon, own, shown) =>
      createElement(Icon, { ...rest, key: own, className: [own, shown && 'fui-Icon-shown', className].filter(Boolean).join(' ') })
    return [form(Filled, iconFilledClassName, filled), form(Regular, iconRegularClassName, !filled)]
  }
  return Bundle
}

/** Languages that are written from right to left: none here. */
export const IconDirectionContextProvider = ({ children }) => children
