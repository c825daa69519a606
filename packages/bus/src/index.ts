export { createRedisBus, type Bus, type RedisBusOptions } from './redis-bus.ts'
export * from './rooms.ts'
