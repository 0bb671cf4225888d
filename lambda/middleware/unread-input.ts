import type { Route } from '../routes.ts'
import { NO_FIELDS, validate } from '../validate.ts'
import type { Middleware } from './middleware.ts'

/**
 * Refuses what a route would not read, as routes refuse fields that they do not know: it was meant to do something, and
 * would do nothing. Probes are always answered; of `ANY /{proxy+}` only its handler knows whether there is a route at all.
 */
export function unreadInput(route: Route): Middleware {
  return {
    before: ({ event, context }) => {
      if (route.credential === 'open' || route.method === 'ANY') return
      if (!route.query) validate(NO_FIELDS, event.queryStringParameters ?? {})
      if (!route.body) validate(NO_FIELDS, context.body ?? {})
    },
  }
}
