export * from './icon.js'
export * from './icons.js'
