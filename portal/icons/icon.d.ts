import type { ForwardRefExoticComponent, FC, ReactNode, RefAttributes, SVGAttributes } from 'react'

export type FluentIconsProps = SVGAttributes<SVGElement> & { primaryFill?: string; filled?: boolean; title?: string }
export type FluentIcon = ForwardRefExoticComponent<FluentIconsProps & RefAttributes<SVGSVGElement>>
export declare function icon(name: string, width: string, paths: string[]): FluentIcon
export declare const iconFilledClassName: string
export declare const iconRegularClassName: string
export declare function bundleIcon(Filled: FluentIcon, Regular: FluentIcon): FC<FluentIconsProps>
export declare const IconDirectionContextProvider: FC<{ value?: unknown; children?: ReactNode }>
