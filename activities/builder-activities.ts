import type { BuilderActivities } from '../contracts/activities.ts';
import { atBorder } from './border.ts';
import { buildImage } from './build-image.ts';
import type { BuilderDependencies } from './dependencies.ts';
import { pushImage } from './push-image.ts';

/** What a builder does for workflows, which tell it nothing: all is in the plan. */
export function builderActivities(needs: BuilderDependencies): BuilderActivities {
  return {
    buildImage: atBorder(() => buildImage(needs)),
    pushImage: atBorder(() => pushImage(needs)),
  };
}
