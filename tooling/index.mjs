export { freePort } from './starter/ports.mjs'
export { debianBinaries, startPostgres } from './starter/postgres.mjs'
export { findRedis, startRedis } from './starter/redis.mjs'
export { Running, cleanUpAfter } from './starter/running.mjs'
