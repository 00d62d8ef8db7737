import { ArgumentError } from './arguments.ts';
import { createSecrets } from './create-secrets.ts';
import { keys } from './keys.ts';
import { selfTest } from './self-test.ts';
import { uninstall } from './uninstall.ts';

/** A program that runs once and ends with an exit code. */
type Command = (args: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  'create-secrets': createSecrets,
  keys,
  'self-test': selfTest,
  uninstall,
};

/**
 * Runs the command that the arguments begin with; undefined = they begin with none.
 *
 * Exit codes: 0 = done, 1 = failed, 2 = wrong arguments.
 */
export async function runCommand(args: readonly string[]): Promise<number | undefined> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) return undefined;
  try {
    return await command(rest);
  } catch (error) {
    const isUsage = error instanceof ArgumentError || error instanceof TypeError;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`espalier-controller ${name}: ${text}\n`);
    return isUsage ? 2 : 1;
  }
}
