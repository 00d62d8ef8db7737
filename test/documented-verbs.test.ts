import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helpOf } from '../scripts/generate-cli.ts';
import { DOCUMENTS, read } from './documents.ts';

/** Generated from the help, or history. */
const APART = /^docs\/(cli|acceptance)\.md$|^docs\/decisions\//;

/** What follows `espalier` where a document gives a command: in blocks, and in backticks. */
function commandsIn(text: string): readonly string[] {
  const joined = text.replaceAll('\\\n', ' ');
  const lines = joined.matchAll(/^ *(?:\$ )?(?:kubectl |cli\/bin\/)?espalier ([a-z].*)$/gm);
  const spans = joined.matchAll(/`(?:kubectl )?espalier ([a-z][^`]*)`/g);
  const said = [...lines, ...spans].map(([, words = '']) => words);
  // Remarks stand apart; what another program is given is its own.
  return said.map((words) => words.split(/ {2,}| #| -- | \| |;/)[0] ?? '');
}

const helps = new Map<string, string>();
async function cachedHelp(verb: string): Promise<string> {
  const help = helps.get(verb) ?? (await helpOf(verb.split(' ')).catch(() => ''));
  helps.set(verb, help);
  return help;
}

/** What there is not: verbs (of `pause|resume` each), and flags that their help does not know. */
async function unknownIn(command: string): Promise<readonly string[]> {
  const [, verbs = '', rest = ''] = /^((?:data )?[a-z][a-z|-]*)(.*)$/.exec(command) ?? [];
  const unknown: string[] = [];
  for (const verb of verbs.split('|')) {
    const help = await cachedHelp(verb);
    if (!help.startsWith(`Usage: espalier ${verb} `)) unknown.push(verb);
    // Its other flags are parameters.
    if (verb === 'sweep') continue;
    for (const [, flag = ''] of rest.matchAll(/ (--?[a-z][a-z-]*)/g)) {
      if (!new RegExp(`[ ,]${flag}[ ,\n]`).test(help)) unknown.push(`${verb} ${flag}`);
    }
  }
  return unknown;
}

test('every verb and every flag of espalier that a document names is there', async (context) => {
  const wrong: string[] = [];
  let commands = 0;
  for (const document of DOCUMENTS.filter((path) => !APART.test(path))) {
    for (const command of commandsIn(read(document))) {
      commands += 1;
      wrong.push(...(await unknownIn(command)).map((what) => `${document}: espalier ${what}`));
    }
  }
  assert.deepEqual(wrong, []);
  assert.ok(commands > 60, `${commands}`);
  context.diagnostic(`${commands} commands of ${helps.size} verbs`);
});
