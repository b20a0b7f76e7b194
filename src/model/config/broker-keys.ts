// Every configuration key of the broker, in one table. See config-key.ts.
import { brokerDoorKeys } from './broker-door-keys.ts'
import { brokerGroupKeys } from './broker-group-keys.ts'
import { brokerIdleKeys } from './broker-idle-keys.ts'
import { brokerLogKeys, cleanerKeys } from './broker-log-keys.ts'
import { brokerNodeKeys } from './broker-node-keys.ts'
import { brokerOwnKeys } from './broker-own-keys.ts'
import { brokerSecurityKeys } from './broker-security-keys.ts'
import { tableOf } from './config-key.ts'

export const brokerKeys = tableOf([
  ...brokerLogKeys,
  ...cleanerKeys,
  ...brokerNodeKeys,
  ...brokerGroupKeys,
  ...brokerIdleKeys,
  ...brokerSecurityKeys,
  ...brokerOwnKeys,
  ...brokerDoorKeys,
])
