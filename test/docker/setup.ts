// Builds the image once for all tests of it.
import type { TestProject } from 'vitest/node';
import { build, checkout, docker, uniqueName } from './engine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The tag of the image that was built from the checkout. */
    image: string;
  }
}

const image = `${uniqueName()}:test`;

export async function setup(project: TestProject): Promise<void> {
  await build(image, checkout);
  project.provide('image', image);
}

export async function teardown(): Promise<void> {
  await docker('rmi', '--force', image);
}
