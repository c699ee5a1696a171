import { parseImageName } from '../registry/image-name.ts';

/** Whose image it is, by its name; the name itself where it is none. */
export function hostOf(image: string): string {
  try {
    return parseImageName(image).host;
  } catch {
    return image;
  }
}
