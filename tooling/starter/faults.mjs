/** A fault that its reader can mend: the message is one sentence that says what happened and what to do. */
export class Fault extends Error {
  /**
   * @param {string} message
   * @param {string} [detail] printed below the sentence, e.g. the last lines of a log
   */
  constructor(message, detail = '') {
    super(message)
    this.name = 'Fault'
    this.detail = detail
  }
}

/**
 * Prints a fault as its sentence, anything else with its stack, on standard error.
 * @param {unknown} error
 */
export function printFault(error) {
  const known = explainSystemError(error)
  if (known instanceof Fault) {
    process.stderr.write(`\n✗ ${known.message}\n`)
    if (known.detail) process.stderr.write(`${indent(known.detail)}\n`)
    return
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`\n✗ Something unforeseen went wrong; please report this:\n${indent(text)}\n`)
}

/**
 * Turns a full disk or a missing right, wherever they surfaced, into a sentence.
 * @param {unknown} error
 * @returns {unknown} the error itself when there is nothing to explain
 */
export function explainSystemError(error) {
  if (error instanceof Fault || !(error instanceof Error)) return error
  const { code, path = '' } = /** @type {NodeJS.ErrnoException} */ (error)
  if (code === 'ENOSPC') return new Fault('The disk is full; free some space (about 2 GB are needed) and start again.')
  if (code === 'EDQUOT') return new Fault('Your disk quota is used up; free some space and start again.')
  if (code === 'EROFS') return new Fault(`${path} lies on a read-only disk; clone the project to a writable place.`)
  if (code === 'EACCES' || code === 'EPERM') {
    return new Fault(`No right to use ${path || 'a file'}; give it to the user who runs this command and start again.`)
  }
  if (code === 'EMFILE') return new Fault('Too many open files; raise the limit with "ulimit -n 4096" and start again.')
  return error
}

/** @param {string} text */
function indent(text) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
