import { type Point, parseReportLine } from '@espalier/api';
import { ReportFile } from './report-file.ts';

/** The points of a whole report file in the order of their numbers, each once; broken lines are left out. */
export async function* reportPoints(path: string): AsyncGenerator<Point> {
  const file = new ReportFile(path);
  let last = -1;
  for (let lines = await file.read(); lines !== undefined; lines = await file.read()) {
    for (const { text } of lines) {
      const parsed = parseReportLine(text);
      if (!parsed.ok || parsed.line.kind !== 'points') continue;
      for (const point of parsed.line.points) {
        if (point.seq <= last) continue;
        last = point.seq;
        yield point;
      }
    }
  }
}
