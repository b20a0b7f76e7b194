// Prints the table of rooms for ARCHITECTURE.md; `test/tidy.test.ts` holds the page against it.
import { rooms } from './tidy-rules.ts'

export const roomsTable = (): string =>
  [...rooms]
    .sort((a, b) => a.level - b.level || a.path.localeCompare(b.path))
    .map((r) => `| \`${r.path === '' ? 'src' : r.path}/\` | ${r.level} | ${r.holds} |`)
    .join('\n')
