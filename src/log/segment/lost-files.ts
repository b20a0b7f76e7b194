// Segment files that are not there as the manifest says: missing, shorter than what lies in them,
// or not to be read at all. Found at each start, from sizes alone. Called by recovery.
import type { Segment } from './segment.ts'
import { type FileSize, segmentPath } from './segment-files.ts'

/** A file that has lost something, and which segments of whom it concerns. */
export interface LostFile<L> {
  readonly file: number
  /** For people, behind the file's path. */
  readonly problem: string
  readonly isMissing: boolean
  /** What is left of it. */
  readonly bytes: number
  readonly segments: readonly { readonly log: L; readonly segment: Segment }[]
}

export function lostFiles<L extends { readonly segments: readonly Segment[] }>(
  logs: Iterable<L>,
  sizes: ReadonlyMap<number, FileSize>,
): LostFile<L>[] {
  const concerned = new Map<number, { log: L; segment: Segment }[]>()
  for (const log of logs)
    for (const segment of log.segments) {
      const { file, position, bytes } = segment
      const size = sizes.get(file) ?? 'ENOENT'
      if (typeof size === 'number' && size >= position + bytes) continue
      const those = concerned.get(file)
      if (those === undefined) concerned.set(file, [{ log, segment }])
      else those.push({ log, segment })
    }
  return [...concerned].map(([file, segments]) => {
    const size = sizes.get(file) ?? 'ENOENT'
    const ends = segments.map(({ segment }) => segment.position + segment.bytes)
    const end = ends.reduce((last, each) => Math.max(last, each), 0)
    const problem = problemOf(size, end)
    const bytes = typeof size === 'number' ? size : 0
    return { file, problem, isMissing: size === 'ENOENT', bytes, segments }
  })
}

function problemOf(size: FileSize, needed: number): string {
  if (size === 'ENOENT') return 'is missing'
  if (typeof size === 'string') return `cannot be read (${size})`
  return `has ${size} bytes of ${needed}`
}

/** Paths of files; all but the first few are only counted. */
export function namesOf(files: readonly number[]): string {
  const paths = files.slice(0, 3).map(segmentPath)
  const more = files.length > 3 ? ` and ${files.length - 3} more` : ''
  return paths.join(', ') + more
}
