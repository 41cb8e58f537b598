import { defineConfig, type Plugin } from 'vite'

// TESTUDO_SERVER: the daemon that the development server asks, https://HOST:PORT. Its certificate is its own, so it is not checked here.
const server = process.env.TESTUDO_SERVER ?? 'https://127.0.0.1:8443'
const daemon = { target: server, secure: false, changeOrigin: true }

/** The app is asked for together with the small beginning that imports it, not after it. */
const preload: Plugin = {
  name: 'preload-app',
  transformIndexHtml: {
    order: 'post',
    handler: (_, { bundle }) => {
      const app = Object.values(bundle ?? {}).find((chunk) => chunk.type === 'chunk' && chunk.name === 'App')
      const files = app?.type === 'chunk' ? [app.fileName, ...app.imports] : []
      return files.map((file) => ({ tag: 'link', attrs: { rel: 'modulepreload', href: `/portal/${file}` }, injectTo: 'head' as const }))
    },
  },
}

export default defineConfig({
  plugins: [preload],
  base: '/portal/',
  esbuild: { jsx: 'automatic' },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1000,
    rollupOptions: {
      // The directives by which React tells server from client mean nothing here.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: {
      '/subscriptions': daemon,
      '/links': daemon,
      '/portal/session': daemon,
      '/portal/changes': daemon,
    },
  },
})
