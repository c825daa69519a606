/** Version 2 of the client, which brings no types: what the tests use of it. */
declare module 'socket.io-client-v2' {
  interface OldSocket {
    connected: boolean
    on: (name: string, listener: (data: Record<string, unknown>) => void) => void
    emit: (...args: unknown[]) => unknown
    close: () => void
  }
  const io: (url: string, options: object) => OldSocket
  export default io
}
