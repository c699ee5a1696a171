/**
 * Functions of statistics that neither JavaScript nor a small library has.
 * Where they come from: Cephes' ndtri (Moshier), and Numerical Recipes 6.4 (continued fraction of the incomplete beta function) with
 * Lanczos' approximation of the gamma function.
 */

const central = {
  numerator: [
    -5.99633501014107895267e1, 9.80010754185999661536e1, -5.66762857469070293439e1, 1.39312609387279679503e1,
    -1.23916583867381258016,
  ],
  denominator: [
    1, 1.95448858338141759834, 4.67627912898881538453, 8.63602421390890590575e1, -2.25462687854119370527e2,
    2.00260212380060660359e2, -8.20372256168333339912e1, 1.59056225126211695515e1, -1.1833162112133000379,
  ],
};
const tail = {
  numerator: [
    4.05544892305962419923, 3.15251094599893866154e1, 5.71628192246421288162e1, 4.408050738932008347e1,
    1.46849561928858024014e1, 2.18663306850790267539, -1.40256079171354495875e-1, -3.50424626827848203418e-2,
    -8.57456785154685413611e-4,
  ],
  denominator: [
    1, 1.57799883256466749731e1, 4.53907635128879210584e1, 4.1317203825467203044e1, 1.50425385692907503408e1,
    2.50464946208309415979, -1.42182922854787788574e-1, -3.80806407691578277194e-2, -9.33259480895457427372e-4,
  ],
};
const farTail = {
  numerator: [
    3.2377489177694603597, 6.91522889068984211695, 3.93881025292474443415, 1.33303460815807542389,
    2.01485389549179081538e-1, 1.23716634817820021358e-2, 3.01581553508235416007e-4, 2.65806974686737550832e-6,
    6.2397453918498329373e-9,
  ],
  denominator: [
    1, 6.02427039364742014255, 3.67983563856160859403, 1.37702099489081330271, 2.1623699359449663589e-1,
    1.34204006088543189037e-2, 3.28014464682127739104e-4, 2.89247864745380683936e-6, 6.79019408009981274425e-9,
  ],
};

const polynomial = (x: number, coefficients: readonly number[]): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

const rational = (x: number, { numerator, denominator }: typeof central): number =>
  polynomial(x, numerator) / polynomial(x, denominator);

/** Of the normal distribution with mean 0 and deviation 1; 0 < u < 1. */
export function normalQuantile(u: number): number {
  const edge = Math.exp(-2);
  if (u > edge && u <= 1 - edge) {
    const y = u - 0.5;
    const square = y * y;
    return (y + y * (square * rational(square, central))) * Math.sqrt(2 * Math.PI);
  }
  const low = u <= edge;
  const x = Math.sqrt(-2 * Math.log(low ? u : 1 - u));
  const z = 1 / x;
  const distance = x - Math.log(x) / x - z * rational(z, x < 8 ? tail : farTail);
  return low ? -distance : distance;
}

/** Of the beta distribution; 0 < u < 1, a and b above 0. */
export function betaQuantile(u: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  let x = a / (a + b);
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  for (let step = 0; step < 200 && high - low > Number.EPSILON * high; step++) {
    const over = betaShare(x, a, b, logBeta) - u;
    if (over === 0) return x;
    if (over > 0) high = x;
    else low = x;
    const density = Math.exp((a - 1) * Math.log(x) + (b - 1) * Math.log1p(-x) - logBeta);
    const newton = x - over / density;
    // Newton is fast near the answer and may leave the interval elsewhere.
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (next === x) return x;
    x = next;
  }
  return x;
}

/** The share of the beta distribution below x. */
function betaShare(x: number, a: number, b: number, logBeta: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta);
  // The fraction converges fast on this side of the mean only.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < 1e-300 ? 1e-300 : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      fraction *= d * c;
    }
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  const base = x + 6.5;
  const sum = lanczos.reduce((total, coefficient, i) => (i === 0 ? coefficient : total + coefficient / (x - 1 + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum);
}
