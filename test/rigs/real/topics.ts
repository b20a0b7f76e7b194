// The topics of the rigs with real processes.
export const topics = ['orders', 'payments', 'clicks']
export const partitions = 3
