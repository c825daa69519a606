// Preloaded into a service: a signal throws where no code can catch it, as a bug in an event handler would.
process.on('SIGUSR2', () => {
  setImmediate(() => {
    throw new Error('thrown on purpose by the fault suite')
  })
})
