import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import type { HttpHandler } from '../../src/io/http.ts'
import type { Listener } from '../../src/io/network.ts'
import { realHttp } from '../../src/io/real/http.ts'

const headers = { 'content-type': 'text/plain' }

const echo: HttpHandler = async ({ method, path, query, body, header }) => ({
  status: 200,
  headers,
  body: [`${method} ${path} ${query} ${header('x-name')} ${Buffer.from(body).toString()}`],
})

const listen = (bodyBytesMax: number): Promise<Listener> =>
  realHttp.listen({ host: '127.0.0.1', port: 0 }, echo, { bodyBytesMax })

const ask = async (
  to: Listener,
  body: string,
  path = '/a%2Fb?c=d?e',
): Promise<[number, string]> => {
  const url = `http://127.0.0.1:${to.address.port}${path}`
  const answer = await fetch(url, { method: 'PUT', body, headers: { 'x-name': 'me' } })
  return [answer.status, await answer.text()]
}

test('a handler is given the request whole, and may take its time', async () => {
  const listener = await listen(10)
  assert.deepEqual(await ask(listener, '0123456789'), [200, 'PUT /a%2Fb c=d?e me 0123456789'])
  assert.deepEqual(await ask(listener, '', '/'), [200, 'PUT /  me '])
  await listener.close()
})

test('while a handler works its client may be silent for longer than else', async () => {
  const silenceMsMax = 20
  const works: HttpHandler = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5 * silenceMsMax))
    return { status: 200, headers, body: ['done'] }
  }
  const listener = await realHttp.listen({ host: '127.0.0.1', port: 0 }, works, { silenceMsMax })
  assert.deepEqual(await ask(listener, '', '/'), [200, 'done'])
  await listener.close()
})

test('a body beyond the limit is refused, and the next request is served', async () => {
  const listener = await listen(10)
  const [status, text] = await ask(listener, '0123456789+')
  assert.equal(status, 413)
  assert.match(text, /larger than this listener takes/)
  assert.equal((await ask(listener, 'ok'))[0], 200)
  await listener.close()
})

test('a listener that reads no bodies answers without them', async () => {
  const listener = await listen(0)
  assert.deepEqual(await ask(listener, 'x'.repeat(100), '/'), [200, 'PUT /  me '])
  await listener.close()
})

test('what is too long, or no request, is answered before the connection goes', async () => {
  const listener = await listen(10)
  const said = async (text: string): Promise<string> => {
    const socket = net.connect(listener.address.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.end(text)
    await once(socket, 'close')
    return answer
  }
  const long = 'x'.repeat(1_000_000)
  assert.match(await said(`GET /${long} HTTP/1.1\r\nhost: a\r\n\r\n`), /^HTTP\/1.1 431 /)
  assert.match(await said(`GET / HTTP/1.1\r\nhost: ${long}\r\n\r\n`), /^HTTP\/1.1 431 /)
  assert.match(await said('nothing like it\r\n\r\n'), /^HTTP\/1.1 400 /)
  assert.equal((await ask(listener, 'ok'))[0], 200)
  await listener.close()
})
