import { EXIT_CODE } from '@espalier/api';
import { makeFolder } from '../files/whole-file.ts';
import { type Picture, writePicture } from '../plot/picture.ts';
import { ConfigurationError } from '../trainer-error.ts';
import { drawLearningRates } from './learning-rates.ts';
import { drawLossSurfaces } from './loss-surfaces.ts';
import { drawPlateau } from './plateau-run.ts';
import { drawSoftmax } from './softmax-bars.ts';

interface Demonstration {
  readonly title: string;
  readonly draw: () => Picture;
}

/** The demonstrations by the names that the recipe gives them. */
export const DEMONSTRATIONS: Readonly<Record<string, Demonstration>> = {
  D1: { title: 'why cross entropy rather than squared error', draw: drawLossSurfaces },
  D2: { title: 'the loss stops falling, the gradient does not vanish', draw: drawPlateau },
  D3: { title: 'one learning rate per parameter', draw: drawLearningRates },
  D4: { title: 'what softmax does', draw: () => drawSoftmax() },
};

/** Draws the named demonstrations, or all, as SVG and PNG; the result is the process's exit code. */
export async function runDemo(
  names: readonly string[],
  folder: string,
  say: (line: string) => void,
): Promise<number> {
  const chosen = (names.length === 0 ? Object.keys(DEMONSTRATIONS) : names).map((name) => {
    const demonstration = DEMONSTRATIONS[name.toUpperCase()];
    if (demonstration !== undefined) return { name: name.toUpperCase(), demonstration };
    const known = Object.keys(DEMONSTRATIONS).join(', ');
    throw new ConfigurationError(`there is no demonstration ${name}: it is one of ${known}`);
  });
  makeFolder(folder);
  for (const { name, demonstration } of chosen) {
    say(`${name}: ${demonstration.title}`);
    for (const path of await writePicture(folder, name, demonstration.draw())) say(`  ${path}`);
  }
  return EXIT_CODE.done;
}
