import type { Command } from 'commander';
import {
  examples,
  namespaceName,
  positiveNumber,
  withBucket,
  withFile,
  withOutput,
} from './options.ts';
import type { Perform } from './perform.ts';

/** What one brings to an installation: data sets, and trainers. */
export function addBringingVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Bring your own:');
  withFile(program.command('check-trainer [command...]'))
    .description('run a trainer against the contract and say which promises it keeps')
    .option('-p, --parameter <name=value...>', 'instead of what the manifest says')
    .option('--invalid <name=value>', 'a value that can never work: the trainer must exit with 20')
    .option('--data <path>', 'data set folder (default: an empty one)')
    .option('--limit <s>', 'a run that takes longer is broken', positiveNumber, 600)
    .option('--keep', 'keep the scratch folder')
    .option('--json', 'print one JSON document')
    .addHelpText('after', CHECK_HELP)
    .action((command, options) =>
      perform('check the trainer', async (surroundings) => {
        const { checkTrainerCommand } = await import('../commands/check-trainer.ts');
        return checkTrainerCommand(surroundings, command, options);
      }),
    );
  const data = program
    .command('data')
    .description('bring data sets to the object store')
    .addHelpText(
      'after',
      examples([['espalier data push digits', 'see: espalier data push --help']]),
    );
  withOutput(withDataSets(data.command('list')))
    .description('list the data sets of a namespace')
    .addHelpText('after', examples([['espalier data list -n team-a', 'keys for spec.data.s3.key']]))
    .action((options) =>
      perform('list the data sets', async (surroundings) => {
        const { dataList } = await import('../commands/data-list.ts');
        return dataList(surroundings, options);
      }),
    );
  withDataSets(data.command('push <folder>'))
    .description('store a folder as a data set, or go on with it after an interruption')
    .option('--key <key>', 'key of the data set (default: name of the folder and .tar)')
    .option('--replace', 'overwrite a data set with other content')
    .option('--abort', 'remove an unfinished upload of the key instead')
    .option('--json', 'print one JSON document')
    .addHelpText('after', PUSH_HELP)
    .action((folder, options) =>
      perform(`push ${folder}`, async (surroundings) => {
        const { dataPush } = await import('../commands/data-push.ts');
        return dataPush(surroundings, folder, options);
      }),
    );
}

function withDataSets(command: Command): Command {
  return withBucket(command).option(
    '-n, --namespace <name>',
    'namespace whose experiments use it (default: "default")',
    namespaceName,
  );
}

const CHECK_HELP = `${examples([
  ['espalier check-trainer -f sweep.yaml', 'the command of the manifest'],
  ['espalier check-trainer -f sweep.yaml -p epochs=50 --invalid lr=-1', 'with other values'],
  ['espalier check-trainer -f sweep.yaml -- python3 train.py', 'another command'],
])}
The first value of each list and the middle of each range are tried: a whole run, a run that is told
to stop, one that goes on from its checkpoint, and one whose parameters can never work.
`;

const PUSH_HELP = `${examples([
  ['espalier data push digits --bucket ml', 'as digits.tar, for the namespace "default"'],
  ['espalier data push digits --key digits-2.tar -n team-a', 'with the bucket of the environment'],
  ['espalier data push digits --abort', 'remove what an interrupted push left'],
])}
Credentials come from where AWS tools take them: AWS_PROFILE, AWS_ACCESS_KEY_ID, ~/.aws, a role.
They need s3:GetObject, s3:PutObject, s3:ListMultipartUploadParts, s3:AbortMultipartUpload and, on
the bucket, s3:ListBucket and s3:ListBucketMultipartUploads; with --replace also s3:DeleteObject.
`;
