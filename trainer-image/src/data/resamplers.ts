/** How pixels get to the size of the network's input. */
export const RESAMPLERS = ['exact', 'fast'] as const;
export type Resampler = (typeof RESAMPLERS)[number];
