import type { Distribution, Value } from './parameter.ts';
import { betaQuantile, normalQuantile } from './special.ts';

/**
 * The value below which a share `u` of a distribution lies, 0 < u < 1: a uniform `u` gives a value drawn from it. As in W&B's engine, to
 * the last digits.
 * @see https://pypi.org/project/sweeps/ `HyperParameter.ppf`
 */
export function quantile(given: Distribution, u: number): Value {
  switch (given.distribution) {
    case 'constant':
      return given.value;
    case 'categorical':
      return given.values[wholeQuantile(u, 0, given.values.length)] ?? null;
    case 'categorical_w_probabilities':
      return weighted(given.values, given.probabilities, u);
    case 'int_uniform':
      return wholeQuantile(u, given.min, given.max + 1);
    default:
      return 'q' in given ? quantized(realQuantile(given, u), given.q) : realQuantile(given, u);
  }
}

type Real = Exclude<
  Distribution,
  { distribution: 'constant' | 'categorical' | 'categorical_w_probabilities' | 'int_uniform' }
>;

function realQuantile(given: Real, u: number): number {
  switch (given.distribution) {
    case 'uniform':
    case 'q_uniform':
      return between(u, given.min, given.max);
    case 'log_uniform':
    case 'q_log_uniform':
      return Math.exp(between(u, given.min, given.max));
    case 'log_uniform_values':
    case 'q_log_uniform_values':
      return Math.exp(between(u, Math.log(given.min), Math.log(given.max)));
    case 'inv_log_uniform':
      return Math.exp(-between(1 - u, given.min, given.max));
    case 'inv_log_uniform_values':
      return Math.exp(-between(1 - u, -Math.log(given.max), -Math.log(given.min)));
    case 'normal':
    case 'q_normal':
      return normalQuantile(u) * given.sigma + given.mu;
    case 'log_normal':
    case 'q_log_normal':
      return Math.exp(given.sigma * normalQuantile(u)) * Math.exp(given.mu);
    case 'beta':
    case 'q_beta':
      return betaQuantile(u, given.a, given.b);
  }
}

const between = (u: number, min: number, max: number): number => u * (max - min) + min;

/** The smallest whole number from `low`, below `high`, up to which a share `u` lies. */
function wholeQuantile(u: number, low: number, high: number): number {
  const share = (whole: number): number => (whole - low + 1) / (high - low);
  const guess = Math.min(Math.max(Math.ceil(u * (high - low) + low) - 1, low), high - 1);
  // The product may have been rounded up over a whole number.
  return guess > low && share(guess - 1) >= u ? guess - 1 : guess;
}

function weighted(values: readonly Value[], probabilities: readonly number[], u: number): Value {
  let sum = 0;
  const index = probabilities.findIndex((probability) => {
    sum += probability;
    return u < sum;
  });
  return values.at(index) ?? null;
}

/** Halves go to the even side, as numpy rounds. No negative zero. */
function quantized(value: number, q: number): number {
  const ratio = value / q;
  const floor = Math.floor(ratio);
  const half = ratio - floor === 0.5;
  const whole = half ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(ratio);
  return whole * q + 0;
}
