import type { Call } from './cluster.ts';

export interface ObjectHead {
  readonly size: number;
  readonly etag: string;
  /** Hexadecimal; undefined if the store keeps none of the whole object. */
  readonly sha256: string | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly size: number;
}

/** Reads of one bucket; every failure is an EspalierError. */
export interface ObjectReader {
  /** Size and digest of an object, or undefined if there is none. */
  head(key: string, call: Call): Promise<ObjectHead | undefined>;
  /**
   * The whole object, or undefined if there is none.
   *
   * @throws {EspalierError} if it has more than `maxBytes`; no more than that is read.
   */
  get(
    key: string,
    maxBytes: number,
    call: Call,
  ): Promise<{ readonly body: Buffer; readonly etag: string } | undefined>;
  /** The objects whose keys begin with `prefix`, page by page. */
  list(prefix: string, call: Call): AsyncIterable<readonly ListedObject[]>;
}

/** One file that may be put once. */
export interface SignedFile {
  readonly key: string;
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A request that anybody may send until it expires, as it is and not otherwise. */
export interface SignedRequest {
  /** A secret while it is valid: never logged. */
  readonly url: string;
  /** Part of the signature: the sender must add exactly these. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Signs requests for pods, which hold no credential of the store. */
export interface RequestSigner {
  /** One PUT of exactly these bytes, refused with 412 if the key exists. */
  put(file: SignedFile): Promise<SignedRequest>;
  /** One GET of a key. */
  get(key: string): Promise<SignedRequest>;
}
