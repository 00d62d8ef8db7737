import { open, rename, rm } from 'node:fs/promises';

/** Writes a file whole or not at all: whoever reads the path sees the old content or the new. */
export async function writeWholeFile(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${process.pid}.part`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
