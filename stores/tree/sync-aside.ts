/** Ms. The way to another thread and back costs about as much. */
const CHEAP_MS = 0.1
/** In a row: one may have taken long because the process was not running. */
const CONVINCING = 2
/** Syncs that go aside after those. */
const UNTIL_NEXT_LOOK = 100

/**
 * A sync that lets the process do other things meanwhile, where it takes long: on a disk a sync waits for milliseconds, and
 * those of several sessions then wait together. In memory it takes less than the way to another thread, and is done at
 * once. What the last ones in their place took decides. `now` in ms.
 */
export function syncAside(
  sync: {
    readonly atOnce: (descriptor: number) => void
    readonly aside: (descriptor: number) => Promise<void>
  },
  now: () => number,
): (descriptor: number) => Promise<void> {
  let left = 0
  let dear = 0
  return async (descriptor) => {
    if (left > 0) {
      left--
      return await sync.aside(descriptor)
    }
    const began = now()
    sync.atOnce(descriptor)
    dear = now() - began < CHEAP_MS ? 0 : dear + 1
    if (dear >= CONVINCING) left = UNTIL_NEXT_LOOK
  }
}
