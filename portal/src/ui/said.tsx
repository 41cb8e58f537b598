// Sentences of the API, said in the language of the page. The API speaks English; what is not known here stays as it is.
import { fill, language, t, type MessageKey } from '../i18n/i18n'

const sentences: [RegExp, MessageKey][] = [
  [/^The VM size '(?<size>[^']+)' is not supported for creation of VMs.* with 'TrustedLaunch'/, 'rule.sizeTrusted'],
  [/^Use of TrustedLaunch setting is not supported for the provided image.*\('(?<image>[^']+)' is generation V(?<generation>\d) with security type '(?<type>[^']+)'/, 'rule.imageTrusted'],
  [/^The VM size '(?<size>[^']+)' cannot boot the image '(?<image>[^']+)': the size runs generation (?<runs>\S+) images, the image is generation (?<generation>V\d)/, 'rule.generation'],
  [/^The provided gallery image only supports creation .* with 'TrustedLaunch'/, 'rule.imageOnlyTrusted'],
  [/^A scale set with data disks can be upgraded to Trusted launch only .* it has (?<n>\d+) data disk/, 'rule.dataDisks'],
  [/^A scale set with orchestration mode 'Flexible' can be upgraded to Trusted launch only with the feature '(?<feature>[^']+)'/, 'rule.flexible'],
  [/^A scale set that carries the Service Fabric extension/, 'rule.serviceFabric'],
  [/results in exceeding approved (?<what>.+) quota\. Limit: (?<limit>\d+), in use \(without this scale set\): (?<used>\d+), needed by it: (?<needed>\d+)/, 'rule.quota'],
  [/^The VM size '(?<size>[^']+)' has architecture '(?<has>[^']+)', the image has '(?<image>[^']+)'/, 'rule.architecture'],
  [/^The VM size '(?<size>[^']+)' has architecture '(?<has>[^']+)', which this host/, 'rule.hostArchitecture'],
  [/^The VM size '(?<size>[^']+)' \(.*\) is larger than this host runs/, 'rule.tooLarge'],
  [/^The VM size '(?<size>[^']+)' is for confidential VMs/, 'rule.confidential'],
  [/^The VM size '(?<size>[^']+)' takes at most (?<most>\d+) data disks, not (?<n>\d+)/, 'rule.diskCount'],
  [/^This host has no UEFI firmware with Secure Boot/, 'rule.noSecureBoot'],
  [/^This host cannot make vTPMs/, 'rule.noVtpm'],
  [/^The extension 'GuestAttestation' can be added only where/, 'rule.guestAttestation'],
  [/^The upgrade mode 'Automatic' is for scale sets with orchestration mode 'Uniform'/, 'rule.automaticFlexible'],
  [/^Automatic OS image upgrade is only for an image whose version is 'latest'/, 'rule.autoLatest'],
  [/^Automatic OS image upgrade needs application health monitoring/, 'rule.autoHealth'],
  [/^Secure Boot is off: enable it unless/, 'warn.secureBootOff'],
  [/^OS disk: everything that was written/, 'lost.osDisk'],
  [/^vTPM: every key and secret/, 'lost.vtpm'],
  [/^UEFI variables: boot entries and keys/, 'lost.variables'],
  [/^The instance, with its OS disk and guest state/, 'lost.instance'],
  [/^Upgrade mode is Automatic/, 'when.automatic'],
  [/^Upgrade mode is Rolling with maxSurge/, 'when.surge'],
  [/^Upgrade mode is Rolling/, 'when.rolling'],
  [/^Upgrade mode is Manual/, 'when.manual'],
  [/^new size$/, 'part.size'],
  [/^new OS disk$/, 'part.osDisk'],
  [/^new guest state$/, 'part.guestState'],
  [/^new UEFI variables$/, 'part.variables'],
  [/^new vTPM$/, 'part.vtpm'],
  [/^vTPM removed$/, 'part.vtpmRemoved'],
  [/^what follows from a deviation/, 'part.consequence'],
  [/^user, keys or host name/, 'part.nextReimage'],
  [/^It runs, and nothing is wrong with it/, 'health.fine'],
  [/^Not booted: Secure Boot validation failed/, 'said.secureBootRefused'],
  [/^Its application is not healthy/, 'said.appIll'],
  [/^Its boot deviates from/, 'said.deviates'],
  [/^The evidence of its boot does not hold/, 'said.evidence'],
  [/^Its attestation handler does not answer/, 'said.silence'],
  [/^Stopped$/, 'said.stopped'],
  [/^Deallocated$/, 'said.deallocated'],
  [/^In quarantine$/, 'said.quarantine'],
  [/^It is being started or stopped/, 'said.onItsWay'],
  [/^Somebody asked for it/, 'said.asked'],
  [/^The guest powered itself off/, 'said.itself'],
  [/^Secure Boot should be on/, 'said.recSecureBoot'],
  [/^vTPM should be on/, 'said.recVtpm'],
  [/^The Guest Attestation extension should be installed/, 'said.recAttestation'],
  [/^Size, image and host support it, and it is off/, 'said.supportedOff'],
  [/^Size, image or host do not support Trusted launch/, 'said.unsupported'],
  [/^Secure Boot and vTPM have to be on first/, 'said.first'],
  [/^Secure Boot and vTPM are on, and nobody verifies/, 'said.nobodyVerifies'],
  [/^Attestation failed: the boot deviates/, 'said.alertDeviation'],
  [/^Attestation failed: the evidence/, 'said.alertEvidence'],
  [/^Attestation failed: the attestation handler/, 'said.alertSilence'],
  [/^Two vTPMs have one endorsement key/, 'said.alertKey'],
  [/^An untrusted kernel module was refused/, 'said.alertModule'],
]

/** The sentence in Japanese, or undefined where it is not known. */
export function translate(sentence: string): string | undefined {
  for (const [pattern, key] of sentences) {
    const found = pattern.exec(sentence)
    if (found) return fill(t(key), found.groups ?? {})
  }
  return undefined
}

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
