// Bundles each test of test/ and runs it with Node's own test runner, which does not read TypeScript on its own everywhere.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'testudo-portal-'))
const names = readdirSync(join(root, 'test')).filter((name) => name.endsWith('.test.ts'))
await build({
  entryPoints: names.map((name) => join(root, 'test', name)),
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  logLevel: 'warning',
})
const files = names.map((name) => join(out, name.replace(/\.ts$/, '.mjs')))
const { status } = spawnSync(process.execPath, ['--test', ...files], { stdio: 'inherit', cwd: root })
rmSync(out, { recursive: true })
process.exit(status ?? 1)
