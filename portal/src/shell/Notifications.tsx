import { Button, Popover, PopoverSurface, PopoverTrigger, ProgressBar } from '@fluentui/react-components'
import { Alert20Regular } from '@fluentui/react-icons'
import { dismissAll, useTasks, type Task } from '../data/operations'
import { t, tCode, time } from '../i18n/i18n'
import { Said } from '../ui/said'
import { moodOf, State } from '../ui/ui'

export function Notifications() {
  const tasks = useTasks()
  const busy = tasks.filter(({ status }) => status === 'InProgress').length
  const latest = tasks[0]
  return (
    <>
      <Popover positioning="below-end" trapFocus>
        <PopoverTrigger disableButtonEnhancement>
          <Button
            appearance="transparent"
            icon={<Alert20Regular />}
            aria-label={busy ? `${t('app.notifications')}: ${busy}` : t('app.notifications')}
            title={t('app.notifications')}
            className="bell"
          >
            {busy > 0 && <span className="badge-count">{busy}</span>}
          </Button>
        </PopoverTrigger>
        <PopoverSurface className="notes" aria-label={t('app.notifications')}>
          <h2>{t('app.notifications')}</h2>
          {tasks.length === 0 && <p className="quiet">{t('app.noNotifications')}</p>}
          <ul>
            {tasks.map((task) => (
              <Note key={task.id} task={task} />
            ))}
          </ul>
          {tasks.length > busy && (
            <Button size="small" onClick={dismissAll}>
              {t('app.dismissAll')}
            </Button>
          )}
        </PopoverSurface>
      </Popover>
      <span className="hidden" role="status">
        {latest && `${latest.title}: ${tCode('state', latest.status)}`}
      </span>
    </>
  )
}

function Note({ task }: { task: Task }) {
  return (
    <li>
      <State mood={moodOf(task.status)}>{task.title}</State>
      {task.status === 'InProgress' && <ProgressBar value={task.percent === undefined ? undefined : task.percent / 100} aria-label={task.title} />}
      {task.error && (
        <p className="small">
          <Said text={task.error} />
        </p>
      )}
      <span className="small quiet">
        {tCode('state', task.status)} · {time(task.started)}
      </span>
    </li>
  )
}
