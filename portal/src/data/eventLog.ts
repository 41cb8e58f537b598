// A TCG event log (PC Client Platform Firmware Profile, crypto agile), read for showing it. Pure; what is cut off is left out.

export interface LogEvent {
  pcr: number
  type: string
  /** SHA-256, in hex; of the first event there is none. */
  digest: string
  text: string
}

const TYPES: Record<number, string> = {
  0x0: 'EV_PREBOOT_CERT', 0x1: 'EV_POST_CODE', 0x3: 'EV_NO_ACTION', 0x4: 'EV_SEPARATOR', 0x5: 'EV_ACTION', 0x6: 'EV_EVENT_TAG',
  0x7: 'EV_S_CRTM_CONTENTS', 0x8: 'EV_S_CRTM_VERSION', 0xd: 'EV_IPL', 0x80000001: 'EV_EFI_VARIABLE_DRIVER_CONFIG',
  0x80000002: 'EV_EFI_VARIABLE_BOOT', 0x80000003: 'EV_EFI_BOOT_SERVICES_APPLICATION', 0x80000004: 'EV_EFI_BOOT_SERVICES_DRIVER',
  0x80000006: 'EV_EFI_GPT_EVENT', 0x80000007: 'EV_EFI_ACTION', 0x80000008: 'EV_EFI_PLATFORM_FIRMWARE_BLOB',
  0x8000000a: 'EV_EFI_PLATFORM_FIRMWARE_BLOB2', 0x8000000b: 'EV_EFI_HANDOFF_TABLES2', 0x8000000c: 'EV_EFI_VARIABLE_BOOT2',
  0x800000e0: 'EV_EFI_VARIABLE_AUTHORITY',
}
const SHA256 = 0x000b
const DIGEST_SIZES: Record<number, number> = { 0x0004: 20, [SHA256]: 32, 0x000c: 48, 0x000d: 64 }
const TEXT_MAX = 300

class Cursor {
  at = 0
  constructor(readonly view: DataView) {}
  /** Where n bytes begin; -1: there are not so many. */
  take(n: number): number {
    if (n < 0 || this.at + n > this.view.byteLength) return -1
    const from = this.at
    this.at += n
    return from
  }
  u16(): number {
    const at = this.take(2)
    return at < 0 ? -1 : this.view.getUint16(at, true)
  }
  u32(): number {
    const at = this.take(4)
    return at < 0 ? -1 : this.view.getUint32(at, true)
  }
}

export function readEventLog(bytes: Uint8Array): LogEvent[] {
  const cursor = new Cursor(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  const events: LogEvent[] = []
  for (let first = true; ; first = false) {
    const pcr = cursor.u32()
    const type = cursor.u32()
    if (pcr < 0 || type < 0) return events
    let digest = ''
    if (first) {
      if (cursor.take(20) < 0) return events
    } else {
      const count = cursor.u32()
      for (let i = 0; i < count; i += 1) {
        const algorithm = cursor.u16()
        const size = DIGEST_SIZES[algorithm]
        if (size === undefined) return events
        const at = cursor.take(size)
        if (at < 0) return events
        if (algorithm === SHA256) digest = hex(bytes.subarray(at, at + size))
      }
      if (count < 0) return events
    }
    const size = cursor.u32()
    const at = size < 0 ? -1 : cursor.take(size)
    if (at < 0) return events
    const name = TYPES[type] ?? `0x${type.toString(16)}`
    events.push({ pcr, type: name, digest, text: textOf(name, bytes.subarray(at, at + size)) })
  }
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')

function textOf(type: string, data: Uint8Array): string {
  if (type.startsWith('EV_EFI_VARIABLE') && data.length >= 32) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const letters = view.getUint32(16, true)
    const size = view.getUint32(24, true)
    if (letters <= (data.length - 32) / 2) return `${utf16(data.subarray(32, 32 + letters * 2))} (${size} bytes)`
  }
  if (type === 'EV_EFI_BOOT_SERVICES_APPLICATION' || type === 'EV_EFI_BOOT_SERVICES_DRIVER') {
    const path = /(?:[\x20-\x7e]\0){4,}/.exec(latin(data))?.[0]
    if (path) return path.replaceAll('\0', '')
  }
  return printable(latin(data)) ?? `${data.length} bytes`
}

const latin = (data: Uint8Array) => String.fromCharCode(...data.subarray(0, TEXT_MAX * 2))
const utf16 = (data: Uint8Array) => new TextDecoder('utf-16le').decode(data)

function printable(text: string): string | undefined {
  const plain = text.replaceAll('\0', '').slice(0, TEXT_MAX)
  return plain && /^[\x20-\x7e\t\n]+$/.test(plain) ? plain : undefined
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
