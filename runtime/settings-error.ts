/** A variable has a value that cannot be used; the message names both and the accepted ones. */
export class SettingsError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'SettingsError'
  }
}
