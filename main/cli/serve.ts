/** `cairn serve`: the backend with its page, or the address of the page that is served already. */
import { clientOf, staysFor } from '../leaving.ts'
import { serveHeadless } from '../serve.ts'
import type { Command } from './arguments.ts'
import { CliError, EXIT } from './failure.ts'
import type { Output } from './output.ts'
import type { Surroundings } from './run.ts'
import { attach } from './session.ts'

export async function serve(
  command: Command & { name: 'serve' },
  output: Output,
  { signal, beforeStopping }: Pick<Surroundings, 'signal' | 'beforeStopping'>,
): Promise<number> {
  const running = await attach(command.storage)
  if (running !== null) {
    try {
      const { page, pid } = await running.client.machine.status(undefined, { signal })
      if (page === null)
        throw new CliError(
          'NO_PAGE',
          `Cairn runs on this storage already (process ${pid}), without a page for the browser. Stop it first, or use its window.`,
        )
      output.result(page, { url: page, running: true, pid })
      output.note('Cairn was running already; this is a fresh address of its page.')
      return EXIT.done
    } finally {
      await running.close()
    }
  }
  const { storage, bootstrap, allowHosts, port, adopt = false } = command
  const serving = await serveHeadless({
    storage,
    bootstrap,
    join: true,
    adopt,
    allowHosts,
    ...(port === null ? {} : { port }),
  })
  try {
    output.result(serving.url, { url: serving.url, running: false, pid: process.pid })
    for (const host of allowHosts) {
      const url = serving.freshUrl(host)
      output.result(`through ${host}: ${url}`, { url, host })
    }
    const client = clientOf(serving.backend)
    beforeStopping(canStay => staysFor(client, canStay, words => output.note(words)))
    output.note('The address works once. Ctrl-C stops Cairn.')
    if (!signal.aborted) await new Promise<void>(done => signal.addEventListener('abort', () => done(), { once: true }))
    return EXIT.done
  } finally {
    await serving.close()
  }
}
