#!/usr/bin/env node
// The command `polymq`.
import { assert } from './base/assert.ts'

assert(process.argv.length > 0, 'a process has arguments')
