import type { Command } from 'commander';
import { examples, withStore } from './options.ts';
import type { Perform } from './perform.ts';

/** Verbs on the data sets of an installation. */
export function addDataVerbs(program: Command, perform: Perform): void {
  program.commandsGroup('Data:');
  const data = program
    .command('data')
    .description('bring data sets to the object store')
    .addHelpText(
      'after',
      examples([['espalier data push digits', 'see: espalier data push --help']]),
    );
  withStore(data.command('push <folder>'))
    .description('store a folder as a data set, or go on with it after an interruption')
    .option('--key <key>', 'key of the data set (default: name of the folder and .tar)')
    .option('-n, --namespace <name>', 'namespace whose experiments use it (default: "default")')
    .option('--bucket <name>', 'bucket of the installation (default: $ESPALIER_S3_BUCKET)')
    .option('--prefix <path>', 'its folder in the bucket (default: $ESPALIER_S3_PREFIX)')
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

const PUSH_HELP = `${examples([
  ['espalier data push digits --bucket ml', 'as digits.tar, for the namespace "default"'],
  ['espalier data push digits --key digits-2.tar -n team-a', 'with the bucket of the environment'],
  ['espalier data push digits --abort', 'remove what an interrupted push left'],
])}
Credentials come from where AWS tools take them: AWS_PROFILE, AWS_ACCESS_KEY_ID, ~/.aws, a role.
They need s3:GetObject, s3:PutObject, s3:ListMultipartUploadParts, s3:AbortMultipartUpload and, on
the bucket, s3:ListBucketMultipartUploads; with --replace also s3:DeleteObject.
`;
