import { MemoryChannel } from '../cli/src/channel.ts';
import { runCommandLine } from '../cli/src/program.ts';

const HEAD = `# The command line

What \`espalier --help\` and \`espalier VERB --help\` print, written by \`make generate\`. As kubectl's plugin
(\`kubectl espalier\`, a link of the name \`kubectl-espalier\` to \`cli/bin/espalier\` on the PATH) it is the same
program, and looks at the cluster unless \`--dir\` names a folder. How values of \`sweep\` are written, and what
\`--json\` prints: [cli/README.md](../cli/README.md). From nothing to a model: [tutorial.md](tutorial.md).
`;

/** Headings under which a help text lists something else than verbs. */
const NO_VERBS = /^(Usage|Options|Arguments|Examples|Exit codes)\b/;

/** docs/cli.md: the program's own help, of every verb. */
export async function cliFile(): Promise<[string, string]> {
  const sections = [HEAD, block(await helpOf([]))];
  for (const verb of verbsIn(await helpOf([]))) {
    if (verb === 'help') continue;
    sections.push(...(await sectionsOf([verb])));
  }
  return ['docs/cli.md', sections.join('\n')];
}

async function sectionsOf(path: readonly string[]): Promise<readonly string[]> {
  const help = await helpOf(path);
  const sections = [`## espalier ${path.join(' ')}\n`, block(help)];
  // Only a verb with verbs of its own says so in its usage.
  const verbs = /^Usage: .*\[command\]/.test(help) ? verbsIn(help) : [];
  for (const verb of verbs) {
    if (verb !== 'help') sections.push(...(await sectionsOf([...path, verb])));
  }
  return sections;
}

function verbsIn(help: string): readonly string[] {
  const verbs: string[] = [];
  let isList = false;
  for (const line of help.split('\n')) {
    if (/^[A-Z]/.test(line)) isList = line.endsWith(':') && !NO_VERBS.test(line);
    const verb = /^ {2}([a-z][a-z-]*)(?=[ |])/.exec(line)?.[1];
    if (isList && verb !== undefined) verbs.push(verb);
  }
  return verbs;
}

/** What `espalier PATH --help` prints. @throws if there is no such verb. */
export async function helpOf(path: readonly string[]): Promise<string> {
  const stdout = new MemoryChannel();
  const stderr = new MemoryChannel();
  const exitCode = await runCommandLine([...path, '--help'], {
    stdout,
    stderr,
    env: {},
    cwd: '/',
    now: () => 0,
    signals: { on: () => ({ off: () => {} }) },
    engine: () => Promise.reject(new Error('help needs no engine')),
    ask: undefined,
  });
  if (exitCode !== 0) throw new Error(`espalier ${path.join(' ')} --help: ${stderr.text}`);
  return stdout.text;
}

function block(text: string): string {
  const lines = text.trimEnd().split('\n');
  return `\`\`\`text\n${lines.map((line) => line.trimEnd()).join('\n')}\n\`\`\`\n`;
}
