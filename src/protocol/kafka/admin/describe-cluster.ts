// DescribeCluster, versions 0 to 2: this node, which is the whole cluster and its controller. It
// has no listener for controllers: asked for those it says MISMATCHED_ENDPOINT_TYPE, as a Kafka
// broker does.
import { clusterOperations, notAsked } from '../authorized-operations.ts'
import { kafkaCodes } from '../errors.ts'
import { answering } from '../handler.ts'
import { describeCluster } from '../schema/describe-cluster.ts'

const brokers = 1
const controllers = 2
const wrongEndpoint = 'this listener is for brokers, endpoint type 1'

export const describeClusterHandler = answering(describeCluster, (request, call) => {
  const { broker, advertised } = call.door
  const { endpointType } = request
  if (endpointType !== brokers) {
    call.refused('invalidRequest', '', wrongEndpoint)
    return {
      throttleTimeMs: 0,
      errorCode:
        endpointType === controllers
          ? kafkaCodes.mismatchedEndpointType
          : kafkaCodes.unsupportedEndpointType,
      errorMessage: wrongEndpoint,
      endpointType: brokers,
      clusterId: '',
      controllerId: -1,
      brokers: [],
      clusterAuthorizedOperations: notAsked,
    }
  }
  const { host, port } = advertised
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    errorMessage: null,
    endpointType,
    clusterId: broker.clusterId,
    controllerId: broker.nodeId,
    brokers: [{ brokerId: broker.nodeId, host, port, rack: broker.rack }],
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? clusterOperations(broker.rights)
      : notAsked,
  }
})
