/** The names the compiler may resolve to natives: for `cli`, which does not know the VM. */
export { NATIVE_NAMES } from '../vm/natives/names.ts'
