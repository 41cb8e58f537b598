import { defineConfig } from 'vite'

// TESTUDO_SERVER: the daemon that the development server asks, https://HOST:PORT. Its certificate is its own, so it is not checked here.
const server = process.env.TESTUDO_SERVER ?? 'https://127.0.0.1:8443'
const daemon = { target: server, secure: false, changeOrigin: true }

export default defineConfig({
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
