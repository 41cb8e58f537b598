// What was asked for in this tab and is being done: followed until it ends, and shown as notifications.
import { useSyncExternalStore } from 'react'
import { ArmError, get } from './rest'
import { changed } from './store'
import type { Operation } from './types'

export interface Task {
  id: number
  title: string
  /** What it is about: where the notification leads to. */
  resource: string
  status: Operation['status']
  percent?: number
  error?: string
  started: string
}

let tasks: Task[] = []
let counter = 0
const listeners = new Set<() => void>()

function update(id: number, change: Partial<Task>): void {
  tasks = tasks.map((task) => (task.id === id ? { ...task, ...change } : task))
  for (const tell of listeners) tell()
}

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms))

async function poll(task: Task, path: string): Promise<void> {
  for (let lost = 0; lost < 60; ) {
    try {
      const state = await get<Operation>(path)
      lost = 0
      update(task.id, { status: state.status, percent: state.percentComplete, error: state.error?.message })
      if (state.status !== 'InProgress') break
    } catch (error) {
      if (error instanceof ArmError && error.status !== 0 && error.status < 500) {
        update(task.id, { status: 'Failed', error: error.message })
        break
      }
      lost += 1
    }
    await sleep(1000)
  }
  changed([task.resource])
}

/** Shows `title` until the operation at `path` has ended; without a path it is done already. */
export function follow(title: string, resource: string, path?: string): void {
  counter += 1
  const task: Task = { id: counter, title, resource, status: path ? 'InProgress' : 'Succeeded', started: new Date().toISOString() }
  tasks = [task, ...tasks].slice(0, 50)
  update(task.id, {})
  changed([resource])
  if (path) void poll(task, path)
}

/** A request that was refused at once. */
export function refused(title: string, resource: string, error: string): void {
  counter += 1
  tasks = [{ id: counter, title, resource, status: 'Failed' as const, error, started: new Date().toISOString() }, ...tasks].slice(0, 50)
  for (const tell of listeners) tell()
}

export function dismissAll(): void {
  tasks = tasks.filter((task) => task.status === 'InProgress')
  for (const tell of listeners) tell()
}

export const useTasks = (): Task[] =>
  useSyncExternalStore(
    (tell) => {
      listeners.add(tell)
      return () => listeners.delete(tell)
    },
    () => tasks,
  )
