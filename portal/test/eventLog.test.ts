import assert from 'node:assert/strict'
import test from 'node:test'
import { readEventLog } from '../src/data/eventLog'

const u32 = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >>> 24) & 255]
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0))
const head = [...u32(0), ...u32(3), ...new Array<number>(20).fill(0), ...u32(4), ...ascii('Spec')]
const event = (pcr: number, type: number, data: number[]) => [
  ...u32(pcr), ...u32(type), ...u32(1), 0x0b, 0, ...new Array<number>(32).fill(0xab), ...u32(data.length), ...data,
]
const variable = [...new Array<number>(16).fill(1), ...u32(2), ...u32(0), ...u32(5), ...u32(0), ...ascii('d\0b\0'), 1, 2, 3, 4, 5]
const log = Uint8Array.from([...head, ...event(7, 0x80000001, variable), ...event(8, 0xd, ascii('grub_cmd: linux'))])

test('events are told with what they are about', () => {
  const [spec, db, grub] = readEventLog(log)
  assert.equal(spec?.type, 'EV_NO_ACTION')
  assert.deepEqual([db?.pcr, db?.type, db?.text], [7, 'EV_EFI_VARIABLE_DRIVER_CONFIG', 'db (5 bytes)'])
  assert.equal(db?.digest, 'ab'.repeat(32))
  assert.equal(grub?.text, 'grub_cmd: linux')
})

test('a log that is cut off anywhere gives the events that are whole', () => {
  for (let n = 0; n < log.length; n += 1) assert.ok(readEventLog(log.subarray(0, n)).length < 3, String(n))
})

test('sizes that a guest made up lead nowhere', () => {
  const wild = Uint8Array.from([...head, ...u32(1), ...u32(4), ...u32(0xffffffff), 0xff, 0xff, ...u32(0xffffffff)])
  assert.equal(readEventLog(wild).length, 1)
})
