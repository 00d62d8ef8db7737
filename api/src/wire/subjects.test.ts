import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseReportSubject,
  parseRequestSubject,
  reportSubject,
  requestSubject,
} from './subjects.ts';

const address = fc.record(
  {
    namespace: fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/),
    trialUid: fc.uuid(),
    attempt: fc.nat(9_999_999),
  },
  { noNullPrototype: true },
);

test('every attempt is read back from its subjects', () => {
  fc.assert(
    fc.property(address, fc.constantFrom('points' as const, 'state' as const), (own, channel) => {
      assert.deepEqual(parseReportSubject(reportSubject(own, channel)), { ...own, channel });
      assert.deepEqual(parseRequestSubject(requestSubject(own)), own);
    }),
  );
});

test('F14 no two subjects name the same report', () => {
  fc.assert(
    fc.property(address, fc.string(), fc.nat(120), fc.nat(3), (own, text, at, cut) => {
      const subject = reportSubject(own, 'points');
      const forged = subject.slice(0, at) + text + subject.slice(at + cut);
      const parsed = parseReportSubject(forged);
      if (parsed !== undefined) assert.equal(reportSubject(parsed, parsed.channel), forged);
      const request = parseRequestSubject(forged.replace('espalier.m', 'espalier.rpc'));
      if (request !== undefined) assert.match(requestSubject(request), /^espalier\.rpc\.v1\./);
    }),
    { numRuns: 2_000 },
  );
});
