// What the broker wrote about it all: whole lines of JSON, printable, short, and few.

const lineCharsMax = 400
/** What the broker's reporter lets through: a burst, then five a second. */
const linesMax = 20 + 5 * 300

/** What is wrong with the lines of a log. */
export function logFaults(lines: readonly string[]): string[] {
  const faults: string[] = []
  for (const line of lines) {
    if (line.length > lineCharsMax) faults.push(`a line of the log has ${line.length} characters`)
    if (!/^[\x20-\x7e]*$/.test(line)) faults.push(`a line of the log is not printable: ${line}`)
    if (!isEvent(line)) faults.push(`a line of the log is no event: ${line.slice(0, 100)}`)
  }
  if (lines.length > linesMax) faults.push(`the log has ${lines.length} lines`)
  return faults
}

function isEvent(line: string): boolean {
  try {
    const { time, level, message } = JSON.parse(line) as Record<string, unknown>
    return [time, level, message].every((each) => typeof each === 'string')
  } catch {
    return false
  }
}
