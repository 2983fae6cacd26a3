import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SpanloomError } from '@spanloom/runtime';

/**
 * Loads a package that is no dependency of this project.
 * @param folder has the package in its node_modules
 * @throws SpanloomError('usage') when it cannot be loaded from there
 */
export async function loadForeign(folder: string, name: string): Promise<unknown> {
  try {
    const from = createRequire(join(resolve(folder), 'from-here.js'));
    return await import(pathToFileURL(from.resolve(name)).href);
  } catch (error) {
    throw new SpanloomError(
      'usage',
      `${name} cannot be loaded from ${folder}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
