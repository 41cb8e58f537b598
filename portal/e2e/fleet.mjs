// The daemon, asked without the portal. Environment: TESTUDO_URL, TESTUDO_CA_FILE, TESTUDO_TOKEN_FILE, TESTUDO_SUBSCRIPTION (id),
// TESTUDO_GROUP (of which it is made where it is missing), TESTUDO_LOCATION; TESTUDO_PORTAL: where the portal is, if not at the daemon.
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { until } from './behaviour.mjs'

const { TESTUDO_URL, TESTUDO_CA_FILE, TESTUDO_TOKEN_FILE, TESTUDO_SUBSCRIPTION, TESTUDO_GROUP = 'portal', TESTUDO_LOCATION = 'local' } = process.env
const ca = readFileSync(TESTUDO_CA_FILE)

export const token = readFileSync(TESTUDO_TOKEN_FILE, 'utf8').trim()
export const portal = process.env.TESTUDO_PORTAL ?? `${TESTUDO_URL}/portal/`
export const group = TESTUDO_GROUP
const groupId = `/subscriptions/${TESTUDO_SUBSCRIPTION}/resourceGroups/${group}`
const idOf = (name) => `${groupId}/providers/Microsoft.Compute/virtualMachineScaleSets/${name}`

export function ask(method, path, body) {
  return new Promise((done, fail) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const sent = request(`${TESTUDO_URL}${path}${path.includes('?') ? '&' : '?'}api-version=2025-04-01`, { method, ca, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part) => (text += part))
      answer.on('end', () => done({ status: answer.statusCode, body: text ? JSON.parse(text) : null }))
    })
    sent.on('error', fail)
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Calls `heard` for each change that the daemon tells, until the returned function is called. */
export function followChanges(heard) {
  const sent = request(`${TESTUDO_URL}/portal/changes`, { ca, headers: { Authorization: `Bearer ${token}` } }, (answer) => {
    let rest = ''
    answer.setEncoding('utf8').on('data', (part) => {
      const lines = (rest + part).split('\n')
      rest = lines.pop()
      for (const line of lines) if (line && JSON.parse(line).id) heard()
    })
  })
  // Ending it from this side is an error of the request.
  sent.on('error', () => undefined)
  sent.end()
  return () => sent.destroy()
}

async function well(method, path, body) {
  const answer = await ask(method, path, body)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  return answer.body
}

/** What is below a set, or done there: of an instance, or of the set's rolling upgrades. */
export const below = (name, path) => well('GET', `${idOf(name)}/${path}`)
export const actBelow = (name, path, body) => well('POST', `${idOf(name)}/${path}`, body)
export const getSet = (name) => well('GET', idOf(name))
export const getInstances = async (name) => (await well('GET', `${idOf(name)}/virtualMachines?$expand=instanceView`)).value
export const patchSet = (name, body) => well('PATCH', idOf(name), body)

export const onInstances = (name, action, instanceIds) => actBelow(name, action, { instanceIds })
/** An instance's boot has been judged, and is this. */
export const judged = (name, id, state) =>
  until(`instance ${id} of ${name} reads ${state}`, async () => (await ask('GET', `${idOf(name)}/virtualMachines/${id}/attestation`)).body?.properties?.state === state)
export const keptDisks = async (name) =>
  (await well('GET', `/subscriptions/${TESTUDO_SUBSCRIPTION}/providers/Microsoft.Compute/disks`)).value.filter(({ tags }) => tags.scaleSet === name)
/** What the guest says of its boot: "on true" with Secure Boot and a TPM, "none false" without UEFI. */
export async function insideOf(name, id) {
  const { secureBoot, tpm } = await actBelow(name, `virtualMachines/${id}/assess`)
  return `${secureBoot} ${tpm}`
}

/** What people are alerted to of one instance, newest first: "Active", … */
export const alertsOf = async (name, id) =>
  (await well('GET', `${groupId}/providers/Microsoft.Security/alerts`)).value
    .filter(({ properties }) => properties.compromisedEntity === `${name}/virtualMachines/${id}`)
    .map(({ properties }) => properties.status)

export const imageOf = (sku, version = '1.0.0') => ({
  storageProfile: { imageReference: { publisher: 'Testudo', offer: 'mini', sku, version } },
})
export const TRUSTED = { securityType: 'TrustedLaunch', uefiSettings: { secureBootEnabled: true, vTpmEnabled: true } }
/** Attested, and taken out of service where something else booted. */
export const ATTESTED = {
  extensions: [{
    name: 'GuestAttestation',
    properties: {
      publisher: 'Microsoft.Azure.Security.LinuxAttestation',
      type: 'GuestAttestation',
      typeHandlerVersion: '1.0',
      settings: { AttestationConfig: { onDeviation: 'quarantine' } },
    },
  }],
}

/** A set of the A family from a generation 1 image, as the how-to has it at its beginning. profile: what its machines have besides. */
export async function makeSet(name, { mode = 'Manual', capacity = 2, size = 'Standard_A1_v2', dataDisks, profile, policy, orchestrationMode, patience } = {}) {
  await well('PUT', groupId, { location: TESTUDO_LOCATION })
  await removeSet(name)
  await well('PUT', idOf(name), {
    location: TESTUDO_LOCATION,
    sku: { name: size, capacity },
    properties: {
      ...(orchestrationMode ? { orchestrationMode } : {}),
      upgradePolicy: {
        mode,
        rollingUpgradePolicy: { maxBatchInstancePercent: 50, maxUnhealthyInstancePercent: 50, maxUnhealthyUpgradedInstancePercent: 50, ...policy },
      },
      virtualMachineProfile: {
        storageProfile: {
          imageReference: { publisher: 'Testudo', offer: 'mini', sku: 'gen1', version: '1.0.0' },
          ...(dataDisks ? { dataDisks } : {}),
        },
        ...profile,
      },
    },
  })
  await settled(name, patience)
}

export const removeSet = async (name) => {
  await ask('DELETE', idOf(name))
  await until(`${name} is gone`, async () => (await ask('GET', idOf(name))).status === 404)
}

export const settled = (name, ms) => until(`${name} is settled`, async () => (await getSet(name)).properties.provisioningState === 'Succeeded', ms)

/** All instances are on the newest model, and nothing is in hand. */
export const followed = (name) =>
  until(
    `all instances of ${name} are on the newest model`,
    async () => {
      const all = await getInstances(name)
      return all.every(({ properties }) => properties.latestModelApplied && properties.provisioningState === 'Succeeded') && all
    },
    60000,
  )
