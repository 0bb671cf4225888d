export interface Secrets {
  /** The value of a named secret (`OPENAI_API_KEY`, `NEAM_API_KEY`, ...), null when there is none. */
  get(name: string): Promise<string | null>
}
