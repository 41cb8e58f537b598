// A suppression rule as the API has it, and as it would be made without the portal. Pure.
import { quote, type Take } from './takeaway'

export interface Condition {
  field: string
  contains?: string
  in?: string[]
}

export interface RuleProperties {
  alertType: string
  state: string
  reason: string
  comment?: string
  expirationDateUtc?: string
  lastModifiedUtc?: string
  suppressionAlertsScope?: { allOf: Condition[] }
}

export interface Rule {
  id: string
  name: string
  properties: RuleProperties
}

export const NAME = /^[A-Za-z0-9_-]{1,260}$/
const VERSION = '2019-01-01-preview'
const RESOURCE = 'entities.azureresource.resourceid'

interface Asked {
  alertType: string
  reason: string
  comment: string
  /** A day, at whose beginning (UTC) the rule ends; "": never. */
  until: string
  resource: { is: string } | { within: string }
}

export function ruleOf({ alertType, reason, comment, until, resource }: Asked): RuleProperties {
  return {
    alertType,
    state: 'Enabled',
    reason,
    ...(comment.trim() ? { comment: comment.trim() } : {}),
    ...(until ? { expirationDateUtc: `${until}T00:00:00Z` } : {}),
    suppressionAlertsScope: { allOf: [{ field: RESOURCE, ...('is' in resource ? { in: [resource.is] } : { contains: resource.within }) }] },
  }
}

/** Both programs make a rule first and narrow it then: until it is narrow it suppresses nothing. */
function commandsOf(program: string, name: string, { alertType, state, reason, comment, expirationDateUtc, suppressionAlertsScope }: RuleProperties): string {
  const rule = `${program} security alerts-suppression-rule`
  const conditions = suppressionAlertsScope?.allOf ?? []
  const update = (now: string) =>
    [
      `${rule} update --rule-name ${name} --alert-type ${quote(alertType)}`,
      `--state ${now} --reason ${quote(reason)}`,
      ...(expirationDateUtc ? [`--expiration-date-utc ${expirationDateUtc}`] : []),
      ...(comment ? [`--comment ${quote(comment)}`] : []),
    ].join(' \\\n    ')
  const narrowed = conditions.map(
    (one) =>
      `${rule} upsert_scope --rule-name ${name} \\\n    --field ${one.field} ` +
      (one.in ? `--any-of ${one.in.map(quote).join(' ')}` : `--contains-substring ${quote(one.contains ?? '')}`),
  )
  return narrowed.length && state === 'Enabled' ? [update('Disabled'), ...narrowed, update(state)].join('\n') : [update(state), ...narrowed].join('\n')
}

export function takeRule(path: string, name: string, { lastModifiedUtc: _, ...properties }: RuleProperties): Take {
  return {
    testudo: commandsOf('testudo', name, properties),
    az: commandsOf('az', name, properties),
    rest: { method: 'PUT', path, body: { properties }, version: VERSION },
    template: { type: 'Microsoft.Security/alertsSuppressionRules', apiVersion: VERSION, name, properties },
  }
}
