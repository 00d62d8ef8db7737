import { count, formatBytes, formatNumber } from '../render/number.ts';
import type { Allowance, Room } from './allowance.ts';

/** What is known of the quotas of a namespace: nothing to somebody who may not read them. */
export type QuotaView =
  | { readonly kind: 'hidden'; readonly namespace: string }
  | { readonly kind: 'none'; readonly namespace: string }
  | { readonly kind: 'known'; readonly namespace: string; readonly allowance: Allowance };

const MOST_NAMED = 3;

/** How many trials run at once as far as quotas go, and what limits them. */
export function quotaText(view: QuotaView, parallel: number): string {
  switch (view.kind) {
    case 'hidden':
      return `not known: it needs the verb list on resourcequotas in namespace ${view.namespace}`;
    case 'none':
      return `none in namespace ${view.namespace}`;
    case 'known':
      return knownText(view.allowance, parallel);
  }
}

function knownText({ now, ever, limits }: Allowance, parallel: number): string {
  if (now === undefined || ever === undefined) return 'limits no pod of a trial';
  const named = limits.slice(0, MOST_NAMED).map(roomText);
  const more = limits.length > MOST_NAMED ? [`${limits.length - MOST_NAMED} more`] : [];
  const why = [...named, ...more].join('; ');
  if (now >= parallel) return `room for ${count(now, 'trial')} at once (${why})`;
  const alone = ever > now ? `, ${Math.min(ever, parallel)} if nothing else ran` : '';
  return `${now} of ${parallel} at once${alone} (${why})`;
}

function roomText({ quota, limit, each }: Room): string {
  const { resource, used, hard } = limit;
  return `${quota}: ${used.text} of ${hard.text} ${resource} used, ${amountText(resource, each)} a trial`;
}

function amountText(resource: string, amount: number): string {
  return /(^|\.)(memory|ephemeral-storage)$/.test(resource)
    ? formatBytes(amount)
    : formatNumber(amount);
}

/** What keeps pods or Trials from being created, each with what to do. */
export function quotaWarnings(view: QuotaView): readonly string[] {
  if (view.kind !== 'known') return [];
  const { ever, limits, short, unsaid } = view.allowance;
  const never =
    ever === 0
      ? ['no trial can ever start: its pod asks for more than the whole quota (see "quota")']
      : [];
  const full =
    ever !== 0 && limits.some(({ now }) => now === 0)
      ? ['no trial can start now: the quota is used up (see "quota")']
      : [];
  return [
    ...never,
    ...full,
    ...short.map(({ quota, limit, each, now }) => {
      return `quota ${quota} leaves room for ${now} more of ${limit.resource}, and ${each} are needed`;
    }),
    ...unsaid.map(({ quota, resource }) => {
      const field = resource.replace(/^(requests|limits)\./, '');
      return `quota ${quota} counts ${resource}: without spec.trainer.resources.${field}, or a LimitRange with a default, no pod is admitted`;
    }),
  ];
}

/** For programs. */
export function quotaDocument(view: QuotaView): object {
  const { namespace } = view;
  if (view.kind === 'hidden') return { namespace, known: false };
  if (view.kind === 'none') return { namespace, known: true, limits: [] };
  const { now, ever, limits, short } = view.allowance;
  return {
    ...{ namespace, known: true, atOnce: now, atOnceAlone: ever },
    limits: limits.map(roomDocument),
    ...(short.length === 0 ? {} : { short: short.map(roomDocument) }),
  };
}

function roomDocument({ quota, limit, each }: Room): object {
  const { resource, hard, used } = limit;
  return { quota, resource, hard: hard.text, used: used.text, needed: each };
}
