export type { CourierSettings, Delivery } from './courier.ts';
export { addressOf, natsServers, reportFileBeside } from './environment.ts';
export { RefusedError } from './refused-error.ts';
export { CourierThread } from './thread.ts';
