import type { Figure, Mark } from '../figure.ts';
import { choiceScale, linearScale } from '../scale.ts';
import type { Sweep } from '../sweep.ts';

/** Which parameters decide whether a trial is among the best tenth (PED-ANOVA), the first on top. */
export function drawImportance({ name, importance }: Sweep): Figure {
  const shown = importance.toReversed();
  const marks = shown.flatMap(({ name: parameter, importance: share }, place): Mark[] => {
    const percent = `${(share * 100).toFixed(1)} %`;
    const hint = `${parameter}: ${percent}`;
    return [
      { kind: 'bar', from: [0, place - 0.35], to: [share, place + 0.35], colour: 'accent', hint },
      { kind: 'text', at: [share, place], text: percent, colour: 'quiet' },
    ];
  });
  const [first] = importance;
  return {
    title: `Importance of parameters in ${name}`,
    summary:
      first === undefined
        ? 'Too few trials have ended to tell parameters apart.'
        : `${first.name} decides most: ${(first.importance * 100).toFixed(1)} %.`,
    columns: 1,
    panelHeight: Math.max(120, 40 * shown.length + 20),
    panels: [
      {
        x: {
          label: 'share',
          scale: linearScale([0, Math.max(0.1, ...shown.map((each) => each.importance)) * 1.12]),
        },
        y: { label: '', scale: choiceScale(shown.map((each) => each.name)) },
        marks,
        labelWidth: 40 + 7 * Math.max(4, ...shown.map((each) => each.name.length)),
      },
    ],
  };
}
