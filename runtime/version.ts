import packageJson from '../package.json' with { type: 'json' }

/** Of the npm package, e.g. `0.1.0`. */
export const VERSION: string = packageJson.version
