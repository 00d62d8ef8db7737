export * from './artifacts.ts';
export * from './trainer-contract.ts';
export * from './v1alpha1/limits.ts';
export * from './v1alpha1/parameters.ts';
export * from './wire/digest.ts';
export * from './wire/report.ts';
