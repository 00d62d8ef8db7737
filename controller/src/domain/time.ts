const DAY_MS = 86_400_000;

/** `2026-11-24T06:05:32.123Z`, from milliseconds since 1970; the domain touches no Date. */
export function formatTime(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  const rest = Math.floor(ms - day * DAY_MS);
  // Days are counted from 1 March of year 0 (proleptic), so that leap days end a cycle.
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const date = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const clock = [rest / 3_600_000, (rest / 60_000) % 60, (rest / 1000) % 60].map((part) =>
    digits(Math.floor(part), 2),
  );
  return `${digits(year, 4)}-${digits(month, 2)}-${digits(date, 2)}T${clock.join(':')}.${digits(rest % 1000, 3)}Z`;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?Z$/;

/** Milliseconds since 1970 of a UTC time as Kubernetes or {@link formatTime} writes it. */
export function parseTime(text: string | undefined): number | undefined {
  const match = text === undefined ? null : TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, date = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const fromMarch = month > 2 ? month - 3 : month + 9;
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = Math.floor((153 * fromMarch + 2) / 5) + date - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  const fraction = Math.round(Number(match[7] ?? 0) * 1000);
  return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction;
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

/** What is left of an interval that began at `sinceMs`; nothing if that is yet to come (a clock was set back). */
export function leftOf(intervalMs: number, sinceMs: number | undefined, nowMs: number): number {
  if (sinceMs === undefined || sinceMs > nowMs) return 0;
  return Math.max(0, sinceMs + intervalMs - nowMs);
}
