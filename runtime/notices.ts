import type { NoticeTarget } from '../agents/ports/notices.ts'
import { eventBusNotices } from '../stores/aws/event-bus.ts'
import type { Settings } from './settings.ts'
import { type WebhookOptions, webhookNotices } from './webhook.ts'

/** Who is told when a forge run has ended, by the settings. */
export function noticeTargets(
  { webhookUrl, eventBus }: Pick<Settings, 'webhookUrl' | 'eventBus'>,
  options: Omit<WebhookOptions, 'url'>,
): readonly NoticeTarget[] {
  return [
    ...(webhookUrl === null ? [] : [webhookNotices({ url: webhookUrl, ...options })]),
    ...(eventBus === null ? [] : [eventBusNotices({ eventBus })]),
  ]
}
