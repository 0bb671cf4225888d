import { lazily } from '../agents/ports/lazily.ts'
import type { NoticeTarget } from '../agents/ports/notices.ts'
import { eventBusNotices } from '../stores/aws/event-bus.ts'
import type { Settings } from './settings.ts'
import type { WebhookOptions } from './webhook.ts'

/** Who is told when a forge run has ended, by the settings. */
export function noticeTargets(
  { webhookUrl, eventBus }: Pick<Settings, 'webhookUrl' | 'eventBus'>,
  options: Omit<WebhookOptions, 'url'>,
): readonly NoticeTarget[] {
  return [
    ...(webhookUrl === null ? [] : [webhook({ url: webhookUrl, ...options })]),
    ...(eventBus === null ? [] : [eventBusNotices({ eventBus })]),
  ]
}

/** Loaded for the first run that ends. */
function webhook(options: WebhookOptions): NoticeTarget {
  const load = lazily(async () => (await import('./webhook.ts')).webhookNotices(options))
  return {
    name: 'webhook',
    runEnded: async (notice) => await (await load()).runEnded(notice),
  }
}
