import assert from 'node:assert/strict';
import { test } from 'node:test';
import { experiment, inPhase, status, succeeded, trial } from '../testing/builders.ts';
import { trialsCsv } from './trials-csv.ts';

test('U15 a row per trial by index: parameters, objective, how it ended, and last what varies', () => {
  const { spec } = experiment({
    parameters: [
      { name: 'lr', float: { min: 1e-7, max: 1 } },
      { name: 'note', string: { values: ['a,b', 'say "hi"'] } },
      { name: 'warm', int: { value: 3 }, when: { parameter: 'note', in: ['a,b'] } },
    ],
    replicates: { parameter: 'seed', values: [7] },
  });
  const first = trial('a-00000', succeeded(0.1 + 0.2), (same) => ({
    ...same,
    spec: {
      ...same.spec,
      parameters: [
        { name: 'lr', float: 1e-7 },
        { name: 'note', string: 'say "hi"' },
        { name: 'seed', int: 7 },
      ],
    },
  }));
  const second = trial(
    'a-00001',
    inPhase('Failed', 'OOMKilled'),
    status({
      attempts: [
        {
          number: 0,
          outcome: 'Disrupted',
          startTime: '2026-01-01T00:00:00.000Z',
          endTime: '2026-01-01T00:00:01.500Z',
        },
        {
          number: 1,
          outcome: 'Failed',
          startTime: '2026-01-01T00:01:00Z',
          endTime: '2026-01-01T00:01:02Z',
        },
        { number: 2 },
      ],
    }),
    (same) => ({
      ...same,
      spec: {
        ...same.spec,
        parameters: [
          { name: 'note', string: 'a,b' },
          { name: 'warm', int: 3 },
        ],
      },
    }),
  );
  assert.equal(
    trialsCsv(spec, [second, first]),
    [
      'index,trial,configuration,replicate,lr,note,warm,seed,objective,phase,reason,lastEpoch,lastStep,attempts,seconds',
      '0,a-00000,0,0,1e-7,"say ""hi""",,7,0.30000000000000004,Succeeded,Completed,1,10,0,0',
      '1,a-00001,1,0,,"a,b",3,,,Failed,OOMKilled,,,3,3.5',
      '',
    ].join('\n'),
  );
});

test('a trial that nobody has looked at yet is Pending', () => {
  assert.match(trialsCsv(experiment().spec, [trial()]), /,Pending,,,,0,0\n$/);
});

test('a parameter that is called like a column of ours gets a column of its own', () => {
  const { spec } = experiment({
    parameters: [
      { name: 'epochs', int: { value: 8 } },
      { name: 'phase', string: { value: 'train' } },
    ],
  });
  const [header] = trialsCsv(spec, []).split('\n');
  assert.equal(
    header,
    'index,trial,configuration,replicate,epochs,parameters.phase,objective,phase,reason,lastEpoch,lastStep,attempts,seconds',
  );
});

test('U15 U24 further objectives and the metrics of constraints have columns of their own', () => {
  const { spec } = experiment({
    objective: undefined,
    objectives: [
      { metric: 'acc', goal: 'maximize', report: 'best' },
      { metric: 'ms', goal: 'minimize', report: 'best' },
    ],
    constraints: [{ metric: 'mb', max: 9 }],
  });
  const values = [
    { metric: 'acc', value: 0.5 },
    { metric: 'mb', value: 7 },
  ];
  const observation = { lastStep: 1, lastEpoch: 1, points: 1, value: 0.5, values };
  const csv = trialsCsv(spec, [trial('a-00000', status({ observation }))]);
  assert.match(csv, /,lr,metrics\.ms,metrics\.mb,objective,/);
  assert.match(csv, /,,7,0\.5,Pending,/);
});
