/** Types of what the starter and the tests share; index.test.ts holds them against the code. */
import type { ChildProcess } from 'node:child_process'

export interface PostgresOptions {
  /** Where its data lie or will lie; the parent must exist. */
  data: string
  logFile: string
  port: number
  /** Of the superuser "postgres"; counts only when the data are made. */
  password: string
  /** False only for tests: faster, and a crash of the machine loses everything. */
  keepsData?: boolean
  /** Another PostgreSQL's bin folder instead of the packaged one. */
  binaries?: string
  /** More settings, each "name=value". */
  settings?: string[]
  /** An empty database made together with the data. */
  database?: string
  /** False leaves user namespaces out, as some containers do. */
  namespaces?: boolean
  /** Called before it is ready. */
  onSpawn?: (child: ChildProcess) => void
}

/** Starts Postgres on loopback, as root too, and returns once it takes connections. */
export function startPostgres(options: PostgresOptions): Promise<{ url: string; child: ChildProcess; note?: string }>

/** The bin folder of Debian's PostgreSQL of one major version; fails when it is not installed. */
export function debianBinaries(major: string): string

export interface RedisOptions {
  program: string
  port: number
  data: string
  logFile: string
  /** False only for tests. */
  keepsData?: boolean
  password?: string
  /** Called before it is ready. */
  onSpawn?: (child: ChildProcess) => void
}

/** Starts a real Redis on loopback and returns once it answers. */
export function startRedis(options: RedisOptions): Promise<{ url: string; child: ChildProcess }>

/** The real Redis on the path, if there is one. */
export function findRedis(): 'redis-server' | 'valkey-server' | undefined

/** The Chromium to drive: the one that CHROMIUM names, else one from the path; undefined means Playwright's own. */
export function findChromium(env?: Record<string, string | undefined>): string | undefined

/** The wanted port of loopback if nobody listens on it, else any free one. */
export function freePort(wanted?: number): Promise<number>

/** The list of what one process runs, kept on disk so that a guardian can end it when that process is killed. */
export class Running {
  constructor(file: string)
  add(name: string, kind: 'service' | 'redis' | 'postgres', pid: number | undefined): void
  remove(name: string): void
  guard(options: { logFile: string; removes?: string[] }): void
  /** Ends everything in order and removes the list. */
  stop(): Promise<void>
}

/** Ends what the list in a file names, removes it and the given files, and says how many processes it ended. */
export function cleanUpAfter(file: string, removes?: string[]): Promise<number>
