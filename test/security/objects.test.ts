import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  experimentSchema,
  FINALIZER,
  LABEL,
  trainerProfileSchema,
  trialSchema,
} from '@espalier/api';
import fc from 'fast-check';
import type { z } from 'zod';
import {
  podViewFromPod,
  type RawPod,
} from '../../controller/src/adapters/k8s/pod-view-from-pod.ts';
import type { RawObject } from '../../controller/src/adapters/k8s/raw-object.ts';
import { Store } from '../../controller/src/adapters/k8s/store.ts';
import { TerminationFeed } from '../../controller/src/adapters/k8s/termination-feed.ts';
import { DurableFiles } from '../../controller/src/adapters/local/durable-file.ts';
import { Layout } from '../../controller/src/adapters/local/layout.ts';
import { ObjectStore } from '../../controller/src/adapters/local/object-store.ts';
import { parseRequest } from '../../controller/src/adapters/local/wire.ts';
import {
  ended,
  experiment,
  experimentStatus,
  succeeded,
  trial,
} from '../../controller/src/domain/testing/builders.ts';
import { observationOf } from '../../controller/src/domain/trial/observation.ts';
import { parseResumePoint } from '../../controller/src/domain/trial/resume-point.ts';
import { EspalierError } from '../../controller/src/ports/errors.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson, hostileValue } from './hostile-values.ts';
import { useScratch } from './scratch.ts';

const CLOCK = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const UID = '00000000-0000-4000-8000-00000000000';
const EXPERIMENT = experiment({}, experimentStatus({}));
const TRIALS = [trial('a-00000', succeeded(0.5)), trial('a-00001', succeeded(0.7))];
const PROFILE = {
  apiVersion: 'espalier.dev/v1alpha1',
  kind: 'TrainerProfile',
  metadata: { ...EXPERIMENT.metadata, name: 'gpu' },
  spec: { image: 'a/b', resources: { cpu: '1' } },
};
const KINDS = [
  [EXPERIMENT, experimentSchema],
  [TRIALS[0], trialSchema],
  [PROFILE, trainerProfileSchema],
] as const;

const POD: RawPod = {
  metadata: {
    name: 'a-00000-a0',
    namespace: 'team',
    uid: `${UID}7`,
    resourceVersion: '7',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { [LABEL.attempt]: '0', [LABEL.trial]: 'a-00000', [LABEL.experiment]: 'a' },
    annotations: { 'espalier.dev/resume-from': `${UID}2/0/0/7` },
    finalizers: [FINALIZER],
    ownerReferences: [
      {
        apiVersion: 'espalier.dev/v1alpha1',
        kind: 'Trial',
        name: 'a-00000',
        uid: `${UID}2`,
        controller: true,
      },
    ],
  },
  spec: { nodeName: 'n' },
  status: {
    phase: 'Failed',
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
    initContainerStatuses: [
      { name: 'fetch', state: { terminated: { exitCode: 20, message: '{"message":"no"}' } } },
    ],
    containerStatuses: [
      { name: 'trainer', state: { terminated: { exitCode: 1, reason: 'Error', message: 'x' } } },
    ],
  },
};

describe('objects, and what is kept of them', () => {
  const folder = useScratch('objects');

  test('G12 an object of any content is taken by its schema or left alone, beside its neighbours', async (t) => {
    await fuzz(t, {
      input: fc.oneof(
        ...KINDS.map(([sample, schema]) =>
          hostileValue([sample]).map((value) => ({ value, sample, schema: schema as z.ZodType })),
        ),
      ),
      cases: casesOf('objects of the API server'),
      read: ({ value, sample, schema }) => {
        const store = new Store<unknown>({
          narrow: (raw) => schema.safeParse(raw).data,
          order: () => 0,
          onChange: () => {},
        });
        const sink = store.sink(undefined);
        // The API server itself vouches for the metadata, and for nothing else.
        const { metadata } = EXPERIMENT as unknown as RawObject;
        const neighbour = { ...metadata, name: 'neighbour', uid: 'neighbour' };
        sink.apply({ ...Object(value), metadata }, false);
        sink.apply({ ...Object(sample), metadata: neighbour }, false);
        if (!store.all().some((kept) => Object(kept).metadata.name === 'neighbour')) {
          throw new Error('the neighbour is lost');
        }
        schema.safeParse(value);
        return store.all();
      },
    });
  });

  test('G12 labels, annotations and states of a pod of any content are a view or nothing', (t) => {
    const { labels, annotations } = POD.metadata;
    const texts = (samples: Readonly<Record<string, string>> | undefined) =>
      fc
        .array(
          fc.tuple(
            fc.oneof(
              fc.constantFrom(...Object.keys(samples ?? {})),
              hostileText(Object.keys(samples ?? {})),
            ),
            hostileText(Object.values(samples ?? {})),
          ),
          { maxLength: 4 },
        )
        .map((entries) => Object.fromEntries([...Object.entries(samples ?? {}), ...entries]));
    const message = hostileText(['{"message":"no data"}', '{"acc":0.5}']);
    return fuzz(t, {
      input: fc.record({ labels: texts(labels), annotations: texts(annotations), message }),
      cases: casesOf('labels and annotations of pods'),
      read: (one) => {
        const status = POD.status ?? {};
        const [name, exitCode] = ['fetch', 20];
        const failed = [{ name, state: { terminated: { exitCode, message: one.message } } }];
        const annotation = Object.values(one.annotations)[0] ?? '';
        const view = podViewFromPod({
          ...POD,
          metadata: { ...POD.metadata, labels: one.labels, annotations: one.annotations },
          status: { ...status, initContainerStatuses: failed, containerStatuses: [] },
        });
        return [view, parseResumePoint(annotation)];
      },
    });
  });

  test('G12 a termination message of any content is a value or nothing', (t) => {
    const interest = {
      ...{ experimentUid: 'e', trialUid: 't', namespace: 'team', trialName: 'a-00000' },
      ...({ metric: 'acc', goal: 'maximize', resource: 'epoch', milestones: [1] } as const),
    };
    const point = { seq: 0, step: 1, epoch: 1, values: { acc: 0.5 }, time: 0 };
    return fuzz(t, {
      input: hostileJson([point, { acc: 0.5 }, { values: { acc: 0.5 }, step: 3 }]),
      cases: casesOf('termination messages'),
      read: (message) => {
        const metric = { metric: 'acc', goal: 'maximize', report: 'best' } as const;
        const one = ended({ exitCode: 0, message });
        const feed = new TerminationFeed({ podsOf: () => [one] }, CLOCK);
        feed.follow(interest);
        return [feed.view('t'), observationOf([metric], undefined, undefined, message)];
      },
    });
  });

  test('G12 a folder of objects with anything in it is read, and what is broken is set aside', (t) => {
    const root = join(folder, 'state');
    const text = (sample: unknown) => hostileJson([sample]);
    return fuzz(t, {
      input: fc.record({
        experiment: fc.oneof(fc.constant(JSON.stringify(EXPERIMENT)), text(EXPERIMENT)),
        trials: fc.tuple(text(TRIALS[0]), text(TRIALS[1])),
        names: fc.tuple(
          fc.constantFrom('00000.json', '1.json', '-', 'x'.repeat(200), '__proto__', '\u001b[2J'),
          fc.constantFrom('a', 'A', '__proto__', 'constructor'),
        ),
      }),
      cases: casesOf('folders of objects'),
      read: ({ experiment: written, trials: [first, second], names: [file, name] }) => {
        rmSync(root, { recursive: true, force: true });
        const place = join(root, 'objects', 'team', name);
        mkdirSync(join(place, 'trials'), { recursive: true });
        writeFileSync(join(place, 'experiment.json'), written);
        writeFileSync(join(place, 'trials', file), first);
        writeFileSync(join(place, 'trials', '00001.json'), second);
        const layout = new Layout(root);
        const store = new ObjectStore(layout, new DurableFiles());
        const damage = store.load(0);
        for (const { movedTo = layout.damaged } of damage) {
          if (!movedTo.startsWith(layout.damaged)) throw new Error(`moved to ${movedTo}`);
        }
        return [store.experiments(), damage];
      },
    });
  });

  test('a request on the socket of any content is one of the protocol or refused', (t) =>
    fuzz(t, {
      input: hostileJson([
        { method: 'experiments' },
        { method: 'trials', key: { namespace: 'team', name: 'a' } },
        { method: 'setDesiredState', key: { namespace: 'team', name: 'a' }, state: 'Pause' },
      ]),
      cases: casesOf('requests of commands'),
      declared: [EspalierError],
      read: (line) => {
        const request = parseRequest(line);
        const key = 'key' in request ? request.key : { namespace: '', name: '' };
        if (/[./\\]/.test(`${key.namespace}${key.name}`)) throw new Error('it leaves its folder');
        return request;
      },
    }));
});
