export { createRedisBus, type Bus, type RedisBusOptions } from './redis-bus.ts'
export { openRedis } from './redis-line.ts'
export * from './rooms.ts'
