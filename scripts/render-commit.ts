import { gitWords, type GitSource } from '../contracts/git-source.ts';
import { plain } from './render.ts';

/** A commit on a screen. */
export const renderCommit = (git: GitSource): string => gitWords(git).map(plain).join(' ');
