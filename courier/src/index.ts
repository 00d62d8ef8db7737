export { Courier, type CourierSettings, type Delivery } from './courier.ts';
export { natsServers, reportFileBeside } from './environment.ts';
