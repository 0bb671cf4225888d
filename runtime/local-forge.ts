/** The forge driver of the local server; a module of its own, so that no function's bundle carries the interpreter. */
export { type AslDriver, type AslDriverOptions, createAslDriver } from '../stores/local-run/asl-driver.ts'
