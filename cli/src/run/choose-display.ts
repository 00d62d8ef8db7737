import type { Surroundings } from '../surroundings.ts';
import { JsonDisplay } from './json-display.ts';
import { LiveDisplay } from './live-display.ts';
import { PlainDisplay } from './plain-display.ts';
import type { RunDisplay } from './snapshot.ts';

/** Progress is talk and goes to stderr; JSON lines are data. */
export function chooseDisplay({ stdout, stderr, now }: Surroundings, json: boolean): RunDisplay {
  if (json) return new JsonDisplay(stdout, now);
  return stderr.canRedraw ? new LiveDisplay(stderr, now) : new PlainDisplay(stderr, now);
}
