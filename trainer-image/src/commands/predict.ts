import { readFileSync } from 'node:fs';
import { findSplit } from '../data/data-set.ts';
import { listFiles } from '../data/image-files.ts';
import { writeText } from '../files/whole-file.ts';
import { ConfigurationError, messageOf } from '../trainer-error.ts';
import { predictAll, submissionTable } from '../training/submission.ts';
import { runStage, type StageRequest } from './stage.ts';

/**
 * Classifies the test images of `dataFolder`, or those that the text file `list` names, one a line, into
 * a submission.
 */
export function runPredict(
  request: StageRequest,
  dataFolder: string,
  target: string,
  list?: string,
): Promise<number> {
  return runStage(request, async (stage) => {
    const files = list === undefined ? findSplit(dataFolder, 'test') : listFiles(readList(list));
    stage.say(`Classifying ${files.length} test images by ${stage.modelFile}.`);
    const images = stage.open(files, false);
    const classes = await predictAll(stage, images, stage.parameters);
    writeText(target, submissionTable(classes, stage.parameters.idStart));
    stage.say(`Wrote ${target}.`);
  });
}

function readList(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    throw new ConfigurationError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
