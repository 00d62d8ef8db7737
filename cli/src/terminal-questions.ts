import { createInterface, type Interface } from 'node:readline';
import { invalid } from './failure.ts';

/**
 * Asks on a terminal, a line per question. A line that was typed ahead answers the next question.
 *
 * @returns a function that rejects with a Failure once the input has ended (Ctrl-D).
 */
export function terminalQuestions(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): (question: string) => Promise<string> {
  let reader: Interface | undefined;
  let isClosed = false;
  const lines: string[] = [];
  let waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  const open = () => {
    // The terminal's own line editing is enough for a line.
    reader = createInterface({ input, terminal: false });
    reader.on('line', (line) => {
      if (waiting === undefined) lines.push(line);
      else waiting.resolve(line);
      waiting = undefined;
    });
    reader.on('close', () => {
      isClosed = true;
      waiting?.reject(noAnswer());
    });
  };
  return async (question) => {
    if (reader === undefined) open();
    output.write(question);
    const ahead = lines.shift();
    if (ahead !== undefined) return ahead;
    if (isClosed) throw noAnswer();
    return new Promise<string>((resolve, reject) => {
      waiting = { resolve, reject };
    });
  };
}

function noAnswer(): Error {
  return invalid('the question was not answered: the input has ended', ['nothing was changed']);
}
