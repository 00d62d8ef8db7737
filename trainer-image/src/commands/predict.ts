import { findSplit } from '../data/data-set.ts';
import { writeText } from '../files/whole-file.ts';
import { predictAll, submissionTable } from '../training/submission.ts';
import { runStage, type StageRequest } from './stage.ts';

/** Classifies the test images of `dataFolder` into a submission. */
export function runPredict(
  request: StageRequest,
  dataFolder: string,
  target: string,
): Promise<number> {
  return runStage(request, async (stage) => {
    const files = findSplit(dataFolder, 'test');
    stage.say(`Classifying ${files.length} test images by ${stage.modelFile}.`);
    const images = await stage.open(files, false);
    const classes = await predictAll(stage, images, stage.parameters);
    writeText(target, submissionTable(classes, stage.parameters.idStart));
    stage.say(`Wrote ${target}.`);
  });
}
