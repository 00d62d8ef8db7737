import { writeLines } from '../channel.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type CheckedManifest, checkManifest, problemDocument } from '../manifest-file.ts';
import { count } from '../render/number.ts';
import { printable } from '../render/printable.ts';
import type { Surroundings } from '../surroundings.ts';

export interface ValidateOptions {
  readonly file: readonly string[];
  readonly json?: boolean;
}

/** Checks every file, and tells all problems of all of them. */
export async function validate(
  surroundings: Surroundings,
  { file: files, json = false }: ValidateOptions,
): Promise<ExitCode> {
  const { stdout, stderr } = surroundings;
  const checked: CheckedManifest[] = [];
  for (const file of files) checked.push(await checkManifest(surroundings, file));
  const isValid = checked.every(({ problems }) => problems.length === 0);
  if (json) {
    const documents = checked.map(({ file, experiments, problems }) => ({
      file,
      valid: problems.length === 0,
      experiments: experiments.map(({ metadata }) => metadata.name),
      problems: problems.map(problemDocument),
    }));
    stdout.write(`${JSON.stringify({ valid: isValid, files: documents }, undefined, 2)}\n`);
    return isValid ? EXIT.ok : EXIT.invalid;
  }
  for (const manifest of checked) {
    writeLines(stderr, manifest.formatted);
    const found = manifest.problems.length;
    if (found > 0) {
      stderr.write(
        `${stderr.paint('bad', `${printable(manifest.file)}: ${count(found, 'problem')}`)}\n`,
      );
    } else {
      stdout.write(
        `${printable(manifest.file)}: ${stdout.paint('good', 'ok')}, ${summary(manifest)}\n`,
      );
    }
  }
  return isValid ? EXIT.ok : EXIT.invalid;
}

function summary({ experiments, profileCount }: CheckedManifest): string {
  return [
    ...experiments.map(
      ({ metadata, spec }) => `experiment ${metadata.name} (${count(spec.trials.max, 'trial')})`,
    ),
    ...(profileCount > 0 ? [count(profileCount, 'trainer profile')] : []),
  ].join(', ');
}
