// What Chromium's trace says of the page's own thread: its long tasks, and what they are made of. Pure.

/** longest_cpu_ms: of all tasks the most that one had of a processor. slow: of each that took longer than `ms`, the longest first, how long
 * it took, and what within it took longest by itself. */
export function tasksOf(text, ms, most = 5) {
  const own = eventsOf(JSON.parse(text).traceEvents)
  const tasks = own.filter(({ name }) => name === 'RunTask')
  const slow = tasks.filter(({ dur }) => dur > ms * 1000).sort((a, b) => b.dur - a.dur)
  return {
    longest_cpu_ms: rounded(Math.max(0, ...tasks.map(({ tdur }) => tdur ?? 0))),
    slow: slow.slice(0, most).map((task) => ({ ms: rounded(task.dur), cpu_ms: rounded(task.tdur ?? 0), parts: parts(own, task) })),
  }
}

/** What took time on the page's own thread: by its beginning, the outer one first. */
function eventsOf(all) {
  const { frames } = all.find(({ name }) => name === 'TracingStartedInBrowser').args.data
  const page = frames.find(({ parent }) => !parent).processId
  const { tid } = all.find(({ name, pid, args }) => name === 'thread_name' && pid === page && args.name === 'CrRendererMain')
  return all.filter((event) => event.ph === 'X' && event.pid === page && event.tid === tid).sort((a, b) => a.ts - b.ts || b.dur - a.dur)
}

const rounded = (us) => Math.round(us / 100) / 10

/** Time of its own: without what is nested in it. own: by beginning, the outer one first. */
function parts(own, task) {
  const end = task.ts + task.dur
  const sums = new Map()
  const open = []
  const add = ({ name, args }, us) => {
    const where = args?.data?.functionName ? `${name} ${args.data.functionName}` : name
    sums.set(where, (sums.get(where) ?? 0) + us)
  }
  for (const event of own) {
    if (event.ts < task.ts) continue
    if (event.ts >= end) break
    while (open.length && open.at(-1).ts + open.at(-1).dur <= event.ts) open.pop()
    if (open.length) add(open.at(-1), -event.dur)
    add(event, event.dur)
    open.push(event)
  }
  return Object.fromEntries([...sums].filter(([, us]) => us > 1000).sort((a, b) => b[1] - a[1]).slice(0, 6).map(([name, us]) => [name, rounded(us)]))
}
