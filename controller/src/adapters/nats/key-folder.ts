import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromPublic, fromSeed } from '@nats-io/jwt';
import { EspalierError } from '../../ports/errors.ts';
import { controllerCredentials, type TrainerSigner } from './credentials.ts';
import { CONTROLLER_FILE } from './key-files.ts';

/**
 * The controller's keys in a folder, read again whenever they are needed: a key that was rotated is
 * used from the next connection, and from the next attempt, on. No text of them is in any error.
 */
export class KeyFolder {
  readonly #path: string;
  /** What the credentials were made from, and them. */
  #made: { readonly from: string; readonly credentials: string };
  #making: Promise<void> | undefined;

  private constructor(path: string) {
    this.#path = path;
    this.#made = { from: '', credentials: '' };
  }

  /** @throws {EspalierError} naming the file that is missing or is no key. */
  static async open(path: string): Promise<KeyFolder> {
    const folder = new KeyFolder(path);
    folder.signer();
    folder.ca();
    await folder.#make();
    return folder;
  }

  /** Signs the users of attempts. */
  signer(): TrainerSigner {
    return { account: this.#account(), trainerSeed: this.#seed(CONTROLLER_FILE.trainerSeed) };
  }

  /** What to trust, PEM. */
  ca(): string {
    const text = this.#read(CONTROLLER_FILE.ca);
    if (!text.includes('-----BEGIN CERTIFICATE-----')) throw this.#wrong(CONTROLLER_FILE.ca);
    return text;
  }

  /** The controller's credentials file; after a rotation once more the old one, then the new one. */
  credentials(): string {
    if (this.#from() !== this.#made.from) {
      this.#making ??= this.#make().finally(() => {
        this.#making = undefined;
      });
      // Files in the middle of a change: the old ones may still do, and the next call looks again.
      this.#making.catch(() => undefined);
    }
    return this.#made.credentials;
  }

  async #make(): Promise<void> {
    const from = this.#from();
    const account = this.#account();
    const controllerSeed = this.#seed(CONTROLLER_FILE.controllerSeed);
    const credentials = await controllerCredentials({ account, controllerSeed });
    this.#made = { from, credentials };
  }

  #from(): string {
    return `${this.#read(CONTROLLER_FILE.account)}${this.#read(CONTROLLER_FILE.controllerSeed)}`;
  }

  #account(): string {
    const account = this.#read(CONTROLLER_FILE.account).trim();
    try {
      if (account.startsWith('A') && fromPublic(account)) return account;
    } catch {
      // Told below, without what it holds.
    }
    throw this.#wrong(CONTROLLER_FILE.account);
  }

  #seed(file: string): string {
    const seed = this.#read(file).trim();
    try {
      if (fromSeed(Buffer.from(seed)).getPublicKey().startsWith('A')) return seed;
    } catch {
      // Told below, without what it holds.
    }
    throw this.#wrong(file);
  }

  #read(file: string): string {
    try {
      return readFileSync(join(this.#path, file), 'utf8');
    } catch (error) {
      throw unreadable(error);
    }
  }

  #wrong(file: string): EspalierError {
    return new EspalierError('InvalidSpec', `NATS keys: ${join(this.#path, file)} is no such key`);
  }
}

function unreadable(cause: unknown): EspalierError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new EspalierError('Storage', `NATS keys: ${why}`, { cause });
}
