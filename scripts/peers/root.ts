// The folder of the repository, found from this file, built or not: the nearest one above it that
// holds package.json. Scripts put what they fetch and make into `.tools/` there, which git ignores.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const above = (dir: string): string => {
  if (existsSync(join(dir, 'package.json'))) return dir
  if (dirname(dir) === dir) throw new Error('no package.json above this file')
  return above(dirname(dir))
}

export const root = above(dirname(fileURLToPath(import.meta.url)))
export const toolsDir = join(root, '.tools')
