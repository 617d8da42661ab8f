import { runConformance } from '../conformance/index.ts'
import { createSqliteFile } from '../conformance/sqlite_file.ts'

runConformance('SQLite', createSqliteFile)
