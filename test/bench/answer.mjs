/** How a process that is measured is told what to do: one request after another over the channel to its parent. */
export function answer(handlers) {
  process.on('message', ({ id, what, input }) => {
    Promise.resolve()
      .then(() => handlers[what](input))
      .then(
        result => process.send({ id, result }),
        error => process.send({ id, error: error.stack }),
      )
  })
  process.once('disconnect', () => process.exit())
}

/** Milliseconds on a clock that all processes of the machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6
