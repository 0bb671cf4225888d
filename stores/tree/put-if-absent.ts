import { errorCode, type Fs } from './fs.ts'

/** Writes a new file wholly; a file that could not be written wholly is removed again. */
export function writeNewFile(fs: Fs, path: string, text: string, durable: boolean): void {
  const descriptor = fs.create(path)
  try {
    writeAndClose(fs, descriptor, text, durable)
  } catch (error) {
    discard(fs, path)
    throw error
  }
}

/** All that is written to a file that was opened for it. */
export function writeAndClose(fs: Fs, descriptor: number, text: string, durable: boolean): void {
  try {
    writeAll(fs, descriptor, text)
    // A failed fsync is never repeated on the same file: what it lost stays lost.
    if (durable) fs.fsync(descriptor)
  } finally {
    // On NFS closing sends the data, and so it may be what reports a full disk.
    fs.close(descriptor)
  }
}

/** As `writeAndClose`, durable; the process may do other things during the sync. */
export async function writeAndCloseAside(fs: Fs, descriptor: number, text: string): Promise<void> {
  try {
    writeAll(fs, descriptor, text)
    await fs.fsyncAside(descriptor)
  } finally {
    fs.close(descriptor)
  }
}

function writeAll(fs: Fs, descriptor: number, text: string): void {
  let rest: Uint8Array = Buffer.from(text, 'utf8')
  while (rest.length > 0) rest = rest.subarray(fs.write(descriptor, rest))
}

/** A temporary file that stays behind is collected by age. */
export function discard(fs: Fs, path: string): void {
  try {
    fs.unlink(path)
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
}

/**
 * P1, the only way to decide anything: gives a written temporary file its final name unless that name is taken.
 * True = the name is ours.
 *
 * NFS without a reply cache can do the link and still report an error; so an error says nothing until the
 * temporary file's link count, or failing that the text under the name, has been looked at. `text` must therefore
 * hold something that no other writer would write (a nonce, a turn id).
 */
export function linkIfAbsent(fs: Fs, temporary: string, path: string, text: string): boolean {
  return decided(
    () => fs.link(temporary, path),
    () => linked(fs, temporary, path, text),
  )
}

/** P1 for a file that has names already, whose count therefore says nothing: `isOurs` knows its text. */
export function nameIfAbsent(fs: Fs, file: string, path: string, isOurs: (text: string) => boolean): boolean {
  return decided(
    () => fs.link(file, path),
    () => reads(fs, path, isOurs),
  )
}

/** Links; when that reports an error, `isDone` tells whether it was done all the same. */
function decided(link: () => void, isDone: () => boolean): boolean {
  try {
    link()
    return true
  } catch (error) {
    if (errorCode(error) === null) throw error
    if (isDone()) return true
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

function linked(fs: Fs, temporary: string, path: string, text: string): boolean {
  try {
    return fs.stat(temporary).links >= 2
  } catch (error) {
    if (errorCode(error) === null) throw error
  }
  return reads(fs, path, (found) => found === text)
}

function reads(fs: Fs, path: string, isOurs: (text: string) => boolean): boolean {
  try {
    return isOurs(fs.read(path))
  } catch (error) {
    if (errorCode(error) === null) throw error
    return false
  }
}
