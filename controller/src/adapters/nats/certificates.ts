import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bits,
  boolean,
  type Der,
  explicit,
  implicit,
  integer,
  octets,
  oid,
  sequence,
  set,
  time,
  utf8,
} from './der.ts';

/** A certificate with its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Whom a certificate names and what it is good for. */
export interface CertificateRequest {
  /** Kubernetes takes it as the user's name. */
  readonly commonName: string;
  /** Kubernetes takes them as the user's groups. */
  readonly organizations?: readonly string[];
  /** Names and IPv4 addresses of a server. */
  readonly hosts?: readonly string[];
}

/** A certificate authority: whoever trusts its certificate trusts what it issues. */
export interface Authority extends KeyPair {
  /** Issues a certificate that serves both as a server's and as a client's. */
  issue(request: CertificateRequest): KeyPair;
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectKeyIdentifier: '2.5.29.14',
  authorityKeyIdentifier: '2.5.29.35',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

const DAY_MS = 24 * 3600 * 1000;
const YEAR_DAYS = 365;

/** Creates a certificate authority in memory; needs no program such as openssl. */
export function createAuthority(commonName: string, days = YEAR_DAYS): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer: CertificateRequest = { commonName };
  const extensions = [
    extension(OID.basicConstraints, sequence(boolean(true)), true),
    // keyCertSign and cRLSign
    extension(OID.keyUsage, bits(Buffer.from([0x06]), 1), true),
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
  ];
  return {
    certificate: certificate({
      issuer,
      subject: issuer,
      publicKey,
      extensions,
      signer: privateKey,
      days,
    }),
    key: pemOf(privateKey),
    issue: (request) => issue({ issuer, publicKey, privateKey, days }, request),
  };
}

function pemOf(privateKey: KeyObject): string {
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}

interface Issuer {
  readonly issuer: CertificateRequest;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly days: number;
}

function issue(authority: Issuer, subject: CertificateRequest): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const extensions = [
    extension(OID.subjectKeyIdentifier, octets(keyIdentifier(publicKey))),
    extension(
      OID.authorityKeyIdentifier,
      sequence(implicit(0, keyIdentifier(authority.publicKey))),
    ),
    extension(OID.basicConstraints, sequence(), true),
    extension(OID.keyUsage, bits(Buffer.from([0x80]), 7), true), // digitalSignature
    extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
  ];
  const hosts = subject.hosts ?? [];
  if (hosts.length > 0) {
    extensions.push(extension(OID.subjectAltName, sequence(...hosts.map(alternativeName))));
  }
  return {
    certificate: certificate({
      issuer: authority.issuer,
      subject,
      publicKey,
      extensions,
      signer: authority.privateKey,
      days: authority.days,
    }),
    key: pemOf(privateKey),
  };
}

interface Contents {
  readonly issuer: CertificateRequest;
  readonly subject: CertificateRequest;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Der[];
  readonly signer: KeyObject;
  readonly days: number;
}

function certificate({ issuer, subject, publicKey, extensions, signer, days }: Contents): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const now = Date.now();
  const serial = randomBytes(16);
  serial[0] = 0x01 | ((serial[0] ?? 0) & 0x7f); // positive, and its shortest form
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))), // version 3
    integer(serial),
    algorithm,
    name(issuer),
    // Starts a day ago, so that clocks which run under a shifted time accept it too.
    sequence(time(new Date(now - DAY_MS)), time(new Date(now + days * DAY_MS))),
    name(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions)),
  );
  const signature = bits(sign('sha256', body, signer));
  return pem('CERTIFICATE', sequence(body, algorithm, signature));
}

/** Any value that is unique to the key will do; strict verifiers want one to be there. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function name({ commonName, organizations = [] }: CertificateRequest): Der {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8(value)));
  return sequence(
    ...organizations.map((value) => attribute(OID.organization, value)),
    attribute(OID.commonName, commonName),
  );
}

function extension(type: string, value: Der, critical = false): Der {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octets(value));
}

function alternativeName(host: string): Der {
  return /^\d+(\.\d+){3}$/.test(host)
    ? implicit(7, Buffer.from(host.split('.').map(Number)))
    : implicit(2, Buffer.from(host));
}

function pem(label: string, der: Der): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
