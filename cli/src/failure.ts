import { EXIT, type ExitCode } from './exit-codes.ts';

export interface FailureDetails {
  readonly exitCode: ExitCode;
  /** What the user can do now, one command or sentence each. */
  readonly hints?: readonly string[];
  readonly cause?: unknown;
}

/** A failure that a user can understand and act upon; anything else that is thrown is a defect. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly hints: readonly string[];
  /** Printed as it is before the message, such as the problems of a manifest. */
  report: readonly string[] = [];

  constructor(message: string, { exitCode, hints = [], cause }: FailureDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.hints = hints;
  }

  withReport(lines: readonly string[]): this {
    this.report = lines;
    return this;
  }
}

export function notFound(message: string, hints: readonly string[] = []): Failure {
  return new Failure(message, { exitCode: EXIT.notFound, hints });
}

export function invalid(message: string, hints: readonly string[] = []): Failure {
  return new Failure(message, { exitCode: EXIT.invalid, hints });
}

/** A word that is none of those that an option or an argument can have. */
export class UnknownChoice extends Failure {
  readonly text: string;
  readonly choices: readonly string[];

  /** @param what Such as `verb`. */
  constructor(what: string, text: string, choices: readonly string[], where = '') {
    super(`${where}there is no ${what} "${text}"`, {
      exitCode: EXIT.invalid,
      hints: [`there are ${choices.join(', ')}`],
    });
    this.text = text;
    this.choices = choices;
  }
}

/** What a thrown value says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of errors of the engine and of the operating system. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Turns whatever was thrown into what to print and how to exit.
 *
 * @param doing What was being tried, such as `running digits.yaml`.
 */
export function asFailure(error: unknown, doing: string): Failure {
  if (error instanceof Failure) return error;
  const message = messageOf(error);
  const known = KNOWN[codeOf(error) ?? ''];
  if (known !== undefined) {
    const { exitCode, hints } = known;
    return new Failure(`${doing}: ${message}`, { exitCode, hints, cause: error });
  }
  return new Failure(`${doing}: ${message}`, {
    exitCode: EXIT.unexpected,
    hints: [
      'set ESPALIER_DEBUG=1 to see where it comes from; if it looks like a defect, report it',
    ],
    cause: error,
  });
}

const KNOWN: Readonly<Record<string, { exitCode: ExitCode; hints: readonly string[] }>> = {
  LockHeld: {
    exitCode: EXIT.locked,
    hints: [
      'espalier list      shows what it runs (with the same --dir)',
      'espalier stop NAME lets its running trials end and then ends it',
      'or give this run a folder of its own with --dir',
    ],
  },
  NotFound: { exitCode: EXIT.notFound, hints: ['espalier list shows what there is'] },
  InvalidSpec: { exitCode: EXIT.invalid, hints: [] },
  Unsupported: { exitCode: EXIT.invalid, hints: [] },
  Conflict: { exitCode: EXIT.refused, hints: ['look again with espalier get, then try again'] },
  Terminal: { exitCode: EXIT.refused, hints: [] },
  Storage: { exitCode: EXIT.unexpected, hints: ['the folder given by --dir must be writable'] },
  ENOSPC: { exitCode: EXIT.unexpected, hints: ['free some space; the same command goes on'] },
  EISDIR: { exitCode: EXIT.invalid, hints: ['that is a folder: name a file'] },
  ENOTDIR: { exitCode: EXIT.invalid, hints: ['a part of that path is a file: name a folder'] },
  ENOENT: { exitCode: EXIT.notFound, hints: ['check the path: it is not there'] },
  EACCES: { exitCode: EXIT.unexpected, hints: ['check the owner and the mode of that file'] },
};
