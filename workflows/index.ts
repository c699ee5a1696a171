export { launch } from './launch.ts';
export { sweep } from './sweep.ts';
