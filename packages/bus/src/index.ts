export * from './redis-bus.ts'
export * from './rooms.ts'
