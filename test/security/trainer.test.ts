import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { isDataPath, type ParameterValue } from '@espalier/api';
import fc from 'fast-check';
import sharp from 'sharp';
import { z } from 'zod';
import { parseClassMap } from '../../cli/src/report/class-map.ts';
import { parseConfusion } from '../../cli/src/report/confusion.ts';
import { MalformedTable } from '../../cli/src/report/csv-rows.ts';
import { readModel } from '../../trainer-image/src/checkpoint/open-model.ts';
import { readResume } from '../../trainer-image/src/checkpoint/resume.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  floatTensor,
  wholesTensor,
} from '../../trainer-image/src/checkpoint/safetensors.ts';
import { decodeImage } from '../../trainer-image/src/data/decode.ts';
import { labelOf } from '../../trainer-image/src/data/image-files.ts';
import { parseParameters } from '../../trainer-image/src/parameters/parse-parameters.ts';
import { readColumns } from '../../trainer-image/src/report/read-table.ts';
import {
  ConfigurationError,
  InvalidParametersError,
} from '../../trainer-image/src/trainer-error.ts';
import { casesOf } from './cases.ts';
import { fuzz } from './fuzzing.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { hostileText } from './hostile-text.ts';
import { hostileJson, surprise } from './hostile-values.ts';
import { useScratch } from './scratch.ts';

const UID = '00000000-0000-4000-8000-000000000002';
const STATE = JSON.stringify({ step: 7, epoch: 1, position: 0, best: null, stale: 0, nextSeq: 1 });
const MODEL = Buffer.concat(
  encodeSafetensors(
    [
      floatTensor('cnn.16.weight', [4, 2, 1, 1], new Float32Array(8)),
      floatTensor('fc.0.weight', [4, 4], new Float32Array(16)),
      floatTensor('fc.4.weight', [2, 4], new Float32Array(8)),
      wholesTensor('steps', Int32Array.of(7)),
    ],
    { 'espalier.run_state': STATE, 'espalier.parameters': '{"width":0.1,"classes":2}' },
  ),
);
const HEADER_BYTES = 700;

describe('what the trainer reads', () => {
  const folder = useScratch('trainer');

  test('a safetensors file of any content is read or refused, by Error', async (t) => {
    const file = join(folder, 'model.safetensors');
    await fuzz(t, {
      input: hostileBytes([MODEL], HEADER_BYTES),
      cases: casesOf('safetensors files'),
      declared: [Error],
      read: (bytes) => {
        writeFileSync(file, bytes);
        const read = outcomeOf(() => readModel(file).parameters, ConfigurationError);
        const { tensors, metadata } = decodeSafetensors(bytes);
        for (const { data } of tensors.values()) {
          if (data.byteLength > bytes.length) throw new RangeError('it reads beyond the file');
        }
        return [read, tensors, metadata];
      },
    });
  });

  test('a folder to resume from of any content is a checkpoint, or an Error that says why not', async (t) => {
    const from = join(folder, 'resume');
    const points = JSON.stringify({ seq: 0, step: 7, epoch: 1, values: { acc: 0.5 }, time: 0 });
    await fuzz(t, {
      input: fc.record({
        model: hostileBytes([MODEL], HEADER_BYTES),
        points: hostileText([`${points}\n`]),
        resume: fc.constantFrom(7, 8),
        manifest: hostileJson([{ version: 1 }]),
        isListed: fc.integer({ min: 0, max: 9 }),
      }),
      cases: casesOf('folders to resume from'),
      declared: [Error, ConfigurationError, SyntaxError, z.core.$ZodError],
      read: (one) => {
        rmSync(from, { recursive: true, force: true });
        mkdirSync(join(from, 'checkpoint-7'), { recursive: true });
        const state = Buffer.from(MODEL);
        const files = [
          ['checkpoint-7/model.safetensors', one.model],
          ['checkpoint-7/state.safetensors', state],
          ['points-0.jsonl', Buffer.from(one.points)],
        ] as const;
        for (const [path, bytes] of files) writeFileSync(join(from, path), bytes);
        const listed = files.map(([path, bytes]) => {
          const sha256 = createHash('sha256').update(bytes).digest('hex');
          return { path, size: bytes.length, sha256 };
        });
        const rest = { best: null, resume: { step: one.resume }, files: listed };
        const whole = { version: 1, trialUid: UID, attempt: 0, step: 7, epoch: 1, ...rest };
        const text = one.isListed === 0 ? one.manifest : JSON.stringify(whole);
        writeFileSync(join(from, 'manifest-7.json'), text);
        return readResume(from)?.points;
      },
    });
  });

  test('a picture of any content is decoded or refused, by Error', async (t) => {
    const file = join(folder, '0_1.jpg');
    const plain = sharp({ create: { width: 40, height: 30, channels: 3, background: '#337755' } });
    const pictures = await Promise.all([
      plain.clone().jpeg({ quality: 80 }).toBuffer(),
      plain.clone().jpeg({ progressive: true }).toBuffer(),
      plain.clone().toColourspace('cmyk').jpeg().toBuffer(),
      plain.clone().png().toBuffer(),
    ]);
    const drawing = '<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/hostname"/></svg>';
    await fuzz(t, {
      input: fc.tuple(
        hostileBytes([...pictures, Buffer.from(drawing)], 200),
        fc.constantFrom('exact' as const, 'fast' as const),
      ),
      cases: casesOf('pictures'),
      declared: [Error],
      read: async ([bytes, resampler]) => {
        writeFileSync(file, bytes);
        const pixels = await decodeImage(file, 32, resampler);
        if (pixels.length !== 32 * 32 * 3) throw new TypeError(`${pixels.length} bytes of pixels`);
        return pixels;
      },
    });
  });

  test('the name of a file is a label or none, and a path of a data set stays below its folder', (t) =>
    fuzz(t, {
      input: hostileText([
        '3_12.jpg',
        'train/0_1.jpg',
        '../etc/passwd',
        'a/./b',
        'a\\..\\b',
        'é/ü.jpg',
      ]),
      cases: casesOf('names of files'),
      read: (name) => {
        const label = labelOf(name);
        if (!Number.isSafeInteger(label)) throw new Error(`the label ${label}`);
        if (isDataPath(name) && !join('/data', name).startsWith('/data/')) {
          throw new Error('it leaves its folder');
        }
        return label;
      },
    }));

  test('a table of any content is read, or refused by the name that is declared', (t) =>
    fuzz(t, {
      input: hostileText([
        'label,0,1\n0,5,1\n1,2,7\n',
        'actual,predicted,count\n0,0,5\n0,1,2\n1,1,9\n',
        'x,y,label\n0.5,-1.5,0\n2,3,1\n',
        'epoch,loss,grad_norm\n0,0.5,\n1,,2\n',
      ]),
      cases: casesOf('tables'),
      read: (text) => [
        readColumns(text),
        outcomeOf(() => parseConfusion(text), MalformedTable),
        outcomeOf(() => parseClassMap(text), MalformedTable),
      ],
    }));

  test('parameters of any name and value are taken or refused, each with its reason', (t) =>
    fuzz(t, {
      input: fc.array(
        fc.tuple(
          fc.oneof(
            fc.constantFrom(
              'lr',
              'epochs',
              'schedule',
              'augment',
              'tta',
              '__proto__',
              'constructor',
            ),
            hostileText(['learningRate']),
          ),
          surprise.map((value) =>
            typeof value === 'object' ? String(JSON.stringify(value)) : value,
          ),
        ),
        { maxLength: 6 },
      ),
      cases: casesOf('parameters of a trial'),
      declared: [InvalidParametersError],
      read: (given) => parseParameters(given as [string, ParameterValue][]),
    }));
});

/** What it returns, or the declared error. */
function outcomeOf<T>(read: () => T, declared: abstract new (...args: never[]) => Error): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof declared) return undefined;
    throw error;
  }
}
