// InitProducerId, versions 0 to 5: an id for an idempotent producer, new each time whatever the
// producer had before, as in Kafka. A transactional id is refused with
// TRANSACTIONAL_ID_AUTHORIZATION_FAILED, which clients take as final: transactions are not part of
// this release.
import type { ErrorName } from '../../../model/errors.ts'
import { errorCode } from '../errors.ts'
import { handler } from '../handler.ts'
import { initProducerId } from '../schema/init-producer-id.ts'

export const initProducerIdHandler = handler(initProducerId, (request, call) => {
  const { transactionalId } = request
  const refuse = (error: ErrorName, words: string | null = null): void => {
    call.refused(error, '', words)
    call.reply({
      throttleTimeMs: 0,
      errorCode: errorCode(error),
      producerId: -1,
      producerEpoch: -1,
    })
  }
  const isHalf = (request.producerId === -1) !== (request.producerEpoch === -1)
  if (transactionalId === '') refuse('invalidRequest', 'the transactional id is empty')
  else if (isHalf) refuse('invalidRequest', 'a producer id and its epoch come together')
  else if (transactionalId !== null) refuse('transactionsNotSupported')
  else
    call.door.broker.producers.initProducerId((made) => {
      if (!made.ok) {
        refuse(made.error, made.message)
        return
      }
      const { producerId, epoch } = made.value
      call.reply({ throttleTimeMs: 0, errorCode: 0, producerId, producerEpoch: epoch })
    })
})
