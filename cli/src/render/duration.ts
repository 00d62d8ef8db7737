const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A duration in its two largest units, such as `0.4s`, `45s`, `2m05s`, `1h12m`, `3d4h`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '-';
  const time = Math.max(0, ms);
  if (time < 0.95 * SECOND) return `${(time / SECOND).toFixed(1)}s`;
  if (time < 59.5 * SECOND) return `${Math.round(time / SECOND)}s`;
  if (time < HOUR - 0.5 * SECOND) {
    const seconds = Math.round(time / SECOND);
    return `${Math.floor(seconds / 60)}m${pad(seconds % 60)}s`;
  }
  if (time < DAY - 0.5 * MINUTE) {
    const minutes = Math.round(time / MINUTE);
    return `${Math.floor(minutes / 60)}h${pad(minutes % 60)}m`;
  }
  const hours = Math.round(time / HOUR);
  return `${Math.floor(hours / 24)}d${hours % 24}h`;
}

function pad(amount: number): string {
  return String(amount).padStart(2, '0');
}

/** The time since an RFC 3339 moment, `-` if there is none. */
export function formatAge(moment: string | undefined, nowMs: number): string {
  const ms = moment === undefined ? Number.NaN : Date.parse(moment);
  return Number.isNaN(ms) ? '-' : formatDuration(nowMs - ms);
}
