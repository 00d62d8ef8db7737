import type { CourierSettings, Delivery } from './courier.ts';

/** What the thread is started with. */
export type ThreadData = CourierSettings;

export type ThreadOrder =
  | { readonly kind: 'finish' }
  /** Whatever has not arrived by then is given up. */
  | { readonly kind: 'hurry'; readonly withinMs: number };

/** The thread's only message: it has finished. */
export type ThreadNews = Delivery;
