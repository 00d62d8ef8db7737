import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { whyNoTools } from '../../kit/tools.ts';
import { CHART, template } from './helm.ts';

const root = join(CHART, '../..');

describe('docs/install.md', { skip: whyNoTools() }, () => {
  const text = readFileSync(join(root, 'docs/install.md'), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  const commands = blocks
    .flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'))
    .filter((line) => /^helm (install|upgrade) /.test(line));

  for (const command of commands) {
    test(`renders: ${command.replaceAll(/ +/g, ' ').slice(0, 100)}`, async () => {
      const flags = [...command.matchAll(/--set(?:-string)? (?:'([^']*)'|(\S+))/g)];
      const sets = flags.flatMap(([, quoted, plain]) => ['--set', quoted ?? plain ?? '']);
      const { code, stderr } = await template({}, sets);
      assert.equal(code, 0, stderr);
    });
  }

  test('it names every folder that it speaks of', () => {
    assert.ok(commands.length >= 8, `${commands.length} commands`);
    for (const [, path = ''] of text.matchAll(/(?:-k|-f) (manifests\/\S+)/g)) {
      assert.ok(existsSync(join(root, path)), path);
    }
  });
});
